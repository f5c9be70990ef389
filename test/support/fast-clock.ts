import { type Clock, monotonicMs } from '../../src/kit/clock.js';
import { systemClock } from '../../src/kit/system-clock.js';

/** The system's clock, on which `times` as much time passes: for pauses of minutes with a real broker. */
export const fastClock = (times: number): Clock => ({
  wall: () => systemClock.wall(),
  monotonic: () => monotonicMs(systemClock.monotonic() * times),
  after: (ms, act) => systemClock.after(ms / times, act),
});
