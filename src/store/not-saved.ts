import { messageOf, OperatingError } from '../kit/errors.js';
import type { SiteRecord } from './merge.js';

/**
 * A change counts in memory, and other parts know of it, but the disk has refused it. The store goes on trying; a restart before it
 * succeeds loses the change.
 */
export class NotSaved<R extends SiteRecord = SiteRecord> extends OperatingError {
  readonly record: R;

  constructor(record: R, cause: unknown) {
    super(cause instanceof OperatingError ? cause.code : 'KAIMON_FILE_WRITE', messageOf(cause), { cause });
    this.record = record;
  }
}
