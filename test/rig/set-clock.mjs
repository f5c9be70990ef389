// Imported into a daemon (NODE_OPTIONS=--import): its wall clock is off by the milliseconds that stand in the file RIG_CLOCK, which may change at any time,
// as if somebody set the clock of the machine. Its monotonic clock goes on.
import { readFileSync } from 'node:fs';

const file = process.env.RIG_CLOCK;
const LOOK_MS = 20;
const real = Date.now.bind(Date);
let [offsetMs, lookedMs] = [0, Number.NEGATIVE_INFINITY];
Date.now = () => {
  const now = performance.now();
  if (file !== undefined && now - lookedMs >= LOOK_MS) {
    lookedMs = now;
    offsetMs = Number(readFileSync(file, 'utf8')) || 0;
  }
  return real() + offsetMs;
};
