import type { Opening } from '../config/opening.js';
import { explain, OperatingError } from '../kit/errors.js';
import { refuseNewerData } from './data-check.js';
import { noteWrittenBy } from './written-by.js';

/**
 * The state folder, before anything in it is opened: one that a later version has written is refused, and left as it is. After this the door's
 * button and fire alarm are served alone until somebody installs that version again.
 * @throws OperatingError KAIMON_DATA_NEWER
 */
export async function openData({ paths, clock, log }: Pick<Opening, 'paths' | 'clock' | 'log'>): Promise<void> {
  try {
    await refuseNewerData(paths.state);
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_DATA_NEWER') throw thrown;
    // What cannot be read is for the part that needs it: it may go on without.
    log.warn({ why: explain(thrown) }, 'the formats in the state folder could not all be read');
  }
  await noteWrittenBy(paths.state, { clock, log });
}
