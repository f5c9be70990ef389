// In the guest: tries the door by its wires, as a hand and a fire alarm do, and prints what the relay did, in milliseconds.
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';

/** Longest wait for each. */
const LIMIT_MS = 20_000;
const [RELAY, BUTTON, FIRE] = [0, 1, 3].map((line) => `/run/wires/sim_gpio${line}`);
const file = openSync(`${RELAY}/value`, 'r');
const buffer = Buffer.alloc(1);
const drawn = () => readSync(file, buffer, 0, 1, 0) === 1 && buffer[0] === 49;
const set = (line, up) => writeFileSync(`${line}/pull`, up ? 'pull-up' : 'pull-down');
const now = () => performance.now();

/** @returns ms until the relay was so, null: never */
async function until(wanted, ms = LIMIT_MS) {
  const start = now();
  while (drawn() !== wanted) {
    if (now() - start > ms) return null;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return Math.round(now() - start);
}

const found = { idle: !drawn() };
if ((await until(false)) !== null) {
  set(BUTTON, false);
  found.buttonMs = await until(true);
  set(BUTTON, true);
  found.pulseMs = found.buttonMs === null ? null : await until(false);
  set(FIRE, true);
  found.fireMs = await until(true);
  // Longer than a pulse.
  found.heldInFire = found.fireMs !== null && (await until(false, 3000)) === null;
  set(FIRE, false);
  found.lockedMs = await until(false);
}
closeSync(file);
process.stdout.write(`${JSON.stringify(found)}\n`);
