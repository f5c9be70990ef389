import { type Clock, monotonicMs, type Timer, wallMs } from './clock.js';

/** The machine's clocks. `process.hrtime` is CLOCK_MONOTONIC: equal in all processes of one boot. */
export const systemClock: Clock = {
  monotonic: () => monotonicMs(Number(process.hrtime.bigint() / 1000n) / 1000),
  wall: () => wallMs(Date.now()),
  after(ms: number, act: () => void): Timer {
    const timer = setTimeout(act, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
