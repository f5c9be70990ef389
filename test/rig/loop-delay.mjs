// Preloaded into a gate of the rig (node --import): how long its event loop did not turn. Says so to the rig over the channel of the
// simulated wires. Not part of the product.
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

/** What is shorter than this cannot be told from the timer's own lateness. */
const TICK_MS = 5;
const TELL_MS = 250;

/** Milliseconds that the main thread has run so far, and those in which it could have run and had no core: other processes' time. */
function spent() {
  const [ran, waited] = readFileSync('/proc/self/schedstat', 'latin1').split(' ');
  return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 };
}

let [last, before] = [performance.now(), spent()];
let told = last;
let [maxMs, ownMaxMs, ranMs] = [0, 0, 0];

const send = process.send.bind(process);
/** Whether the wires are open. */
let wires = false;

function look() {
  const [now, after] = [performance.now(), spent()];
  const lateMs = Math.max(0, now - last - TICK_MS);
  const ownMs = lateMs - (after.waitedMs - before.waitedMs);
  maxMs = Math.max(maxMs, lateMs);
  if (ownMs > ownMaxMs) [ownMaxMs, ranMs] = [ownMs, after.ranMs - before.ranMs];
  [last, before] = [now, after];
  return now;
}

setInterval(() => {
  const now = look();
  if (now - told > TELL_MS) tell(now);
}, TICK_MS).unref();

function tell(now) {
  if (process.connected) send({ kind: 'loop', maxMs, ownMaxMs, ranMs, wires });
  told = now;
  [maxMs, ownMaxMs, ranMs] = [0, 0, 0];
}

// The first word about a wire: from here on the door is served.
process.send = (message, ...more) => {
  if (!wires && message.kind === 'output') {
    look();
    tell(performance.now());
    wires = true;
  }
  return send(message, ...more);
};

// A gate of a rig that is gone would stay for ever.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
