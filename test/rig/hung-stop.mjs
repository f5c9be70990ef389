// node test/rig/hung-stop.mjs: how long a gate takes to stop while its disk hangs, at work and half-way through
// its start. Freezes an ext4 in a file (fsfreeze). Needs `npm run build`, built models, and root. Exits 1 where the door is not
// locked at once, or the gate goes on waiting for the disk.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { call } from './faults.mjs';
import { BUTTON, configOf, makeFolders, startGate, within } from './gate-process.mjs';
import { endDisk, makeDisk } from './own-disk.mjs';
import { prepare } from './prepared.mjs';

/** TimeoutStopSec of systemd/kaimon.service. */
const STOP_MS = 10_000;
const LOCKED_MS = 1_000;
const KILLED_MS = 2_000;
if (process.getuid?.() !== 0) {
  process.stderr.write('this rig mounts and freezes a disk: run it as root\n');
  process.exit(4);
}

const CASES = [
  // The door was just opened: the journal has entries that wait, the people store has nothing to save.
  { name: 'at work', ready: true },
  { name: 'during its start', ready: false },
];

/** What the gate says at its end, stopped in full or half-way through its start. */
const DOWN = /"(?:the gate is down|the stop was not clean)/;

async function stopHung({ name, ready }, folder, prepared) {
  const state = makeFolders(folder);
  makeDisk(join(folder, 'disk'), state);
  let gate;
  try {
    const config = configOf(prepared.film, 'mqtt://127.0.0.1:9');
    if (!ready) call('fsfreeze', '-f', state);
    gate = startGate({ folder, state, config, root: prepared.root, log: undefined });
    if (ready && !(await within(150_000, gate.ready))) throw new Error('the gate does not start');
    if (!ready && !(await within(30_000, () => gate.loop.take().all > 0))) throw new Error('the gate does not start');
    gate.wire(BUTTON, true);
    if (!(await within(10_000, gate.relay.drawn))) throw new Error('the button does not open the door');
    if (ready) call('fsfreeze', '-f', state);
    const startMs = performance.now();
    process.kill(gate.pid, 'SIGTERM');
    const locked = await within(LOCKED_MS, () => !gate.relay.drawn());
    const lockedMs = Math.round(gate.relay.fellMs - startMs);
    const log = () => readFileSync(join(folder, 'gate.log'), 'utf8');
    const down = await within(2 * STOP_MS, () => DOWN.test(log()));
    const downMs = Math.round(performance.now() - startMs);
    // Nobody can end a process of which a thread hangs in the kernel, for as long as it hangs there.
    process.kill(gate.pid, 'SIGKILL');
    const killed = await within(KILLED_MS, () => gate.ended() !== undefined);
    call('fsfreeze', '-u', state);
    const ended = await within(STOP_MS, () => gate.ended() !== undefined);
    const lost = log().match(/"lost":\d+|"msg":"the newest of [^"]*/g) ?? [];
    return { name, ok: locked && down && ended && downMs < STOP_MS, lockedMs, downMs, killed, ended, lost };
  } finally {
    endDisk(state);
    await gate?.end();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kaimon-hung-'));
let failed = false;
try {
  const prepared = await prepare(folder);
  for (const [n, one] of CASES.entries()) {
    const found = await stopHung(one, join(folder, String(n)), prepared);
    failed ||= !found.ok;
    process.stdout.write(`${JSON.stringify(found)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
