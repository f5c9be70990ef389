import type { Endings } from '../kit/endings.js';

/** How often the event loop proves that it turns. */
const PULSE_MS = 1000;

/** Calls `onPulse` once a second from the event loop, for parts that must know that it turns. */
export const openPulse = (endings: Endings, onPulse: () => void): Promise<unknown> =>
  endings.open(
    'the pulse',
    () => setInterval(onPulse, PULSE_MS),
    (pulse) => clearInterval(pulse),
  );
