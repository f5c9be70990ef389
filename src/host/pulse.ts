import type { Endings } from '../kit/endings.js';

/** How often the event loop proves that it turns. */
const PULSE_MS = 1000;

/** Calls `act` once a second from the event loop, for whoever must know that it turns. */
export const openPulse = (endings: Endings, act: () => void): Promise<unknown> =>
  endings.open(
    'the pulse',
    () => setInterval(act, PULSE_MS),
    (pulse) => clearInterval(pulse),
  );
