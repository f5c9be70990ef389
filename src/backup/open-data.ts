import type { Opening } from '../config/opening.js';
import { explain, OperatingError } from '../kit/errors.js';
import { refuseNewerData } from '../stored/data-check.js';
import { noteWrittenBy } from '../stored/written-by.js';
import { clearLeft, finishInterrupted } from './pending.js';

/**
 * The state folder, before anything in it is opened: one that a later version has written is refused, and left as it is; the door's button and
 * fire alarm are then served alone until somebody installs that version again. A restore that was interrupted is finished.
 * @throws OperatingError KAIMON_DATA_NEWER; KAIMON_PEOPLE_LOCKED while a restore runs; KAIMON_FILE_WRITE where one cannot be finished: people or
 *   journal are half there
 */
export async function openData({
  config,
  paths,
  vault,
  clock,
  log,
}: Pick<Opening, 'config' | 'paths' | 'vault' | 'clock' | 'log'>): Promise<void> {
  let seen = false;
  try {
    seen = await refuseNewerData(paths.state, { vault });
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_DATA_NEWER') throw thrown;
    // What cannot be read is for the part that needs it: it may go on without.
    log.warn({ why: explain(thrown) }, 'the formats in the state folder could not all be read');
  }
  await finishInterrupted(paths.state, { journal: config.journal, clock, log });
  await clearLeft(paths.state, log);
  // What is sealed with another key may be a later version's: who wrote it must still be known when the key is there.
  if (seen) await noteWrittenBy(paths.state, { clock, log });
}
