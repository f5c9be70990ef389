import type { Opening } from '../config/opening.js';
import type { WallMs } from '../kit/clock.js';
import { readClockFacts } from './clock-facts.js';
import { TrustedClock } from './trusted-clock.js';
import { TrustedTimesFile } from './trusted-times-file.js';

/**
 * The machine's clock, with its memory across restarts.
 * @param newestEntryMs the time of the journal's newest entry; it is used where the file of trusted times is missing
 */
export async function openTrustedClock(
  { config, paths, clock, log, endings, warnings }: Opening,
  newestEntryMs: WallMs | undefined,
): Promise<TrustedClock> {
  const times = await endings.open(
    'the trusted times',
    () => TrustedTimesFile.open(paths.state, newestEntryMs, { clock, log, warnings }),
    (file, leftMs) => file.close(leftMs),
    { saves: true },
  );
  const readFacts = () => readClockFacts(clock);
  return endings.open(
    'the clock',
    () => new TrustedClock({ needs: config.access.clock, clock, log, readFacts, times }),
    (trusted) => trusted.keep(),
  );
}
