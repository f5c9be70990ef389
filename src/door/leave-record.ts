import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { LOCAL_RETRY, pauseMs } from '../kit/retry.js';
import { recordDoorLine } from './safe-state-record.js';

export interface LeaveRecordParts {
  readonly file: string;
  /** What safe-state.sh needs to leave the relay locked, or released; none where there is no relay. */
  readonly lines: (released: boolean) => readonly string[];
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Log, 'error' | 'info'>;
}

/**
 * The record of what the door must be left at, kept true. A folder that cannot be written costs no button and no fire alarm: it is told
 * ({@link LeaveRecord.fault}) and tried again. Meanwhile the safe level after a kill is only that of the next start.
 */
export class LeaveRecord {
  readonly #parts: LeaveRecordParts;
  #released = false;
  #fault: string | null = null;
  #failures = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(parts: LeaveRecordParts) {
    this.#parts = parts;
  }

  /** Why the record does not say what it must; null: it does. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Records what the door must be left at from now on. Never throws. */
  note(released: boolean): void {
    this.#released = released;
    this.#failures = 0;
    this.#write();
  }

  /** Tries no more; the record stays. */
  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  #write(): void {
    const { file, lines, clock, log } = this.#parts;
    this.#retry?.cancel();
    try {
      recordDoorLine(file, lines(this.#released), this.#released);
      if (this.#fault !== null) log.info({ file }, 'what the door must be left at is recorded again');
      this.#fault = null;
    } catch (thrown) {
      const why = explain(thrown);
      if (why !== this.#fault) log.error({ why }, 'a kill of this process may leave the door as it is at that moment');
      this.#fault = why;
      if (!this.#closed) this.#retry = clock.after(pauseMs(LOCAL_RETRY, this.#failures++, 0), () => this.#write());
    }
  }
}
