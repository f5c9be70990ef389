// node test/kill/store-kill.mjs [--kills 200] [--seed 1] [--sweep] [--steps 3,8] [--dist dist] [--json]
// Kills a process with SIGKILL at random moments while it enrols and removes people, opens the store again each time, and checks that
// all that was acknowledged is there and the file loads. --sweep then kills before every single step of a write, too; --steps before some.
// Exits 0 when nothing was lost, 1 otherwise, 4 when the build is missing. Needs `npm run build`.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faults, Ledger, reopen, wreckage } from './store-check.mjs';

const ENCODER = 'killtest@0123456789ab';
/** Milliseconds from the child's first line to the kill, at most. Several writes long. */
const LIFE_MAX_MS = 200;
/** Number of the steps of one write (enrolling-child.mjs says which). */
const STEPS = 19;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    dist: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    sweep: { type: 'boolean', default: false },
    steps: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const dist = resolve(values.dist);
if (!existsSync(join(dist, 'store/people-store.js'))) {
  process.stderr.write(`no build in ${dist}: run "npm run build" first\n`);
  process.exit(4);
}

/** mulberry32: the same seed gives the same moments. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One life of the child, recorded in the ledger. @returns the step before which it killed itself, if that was asked for */
async function live(file, prefix, ledger, { lifeMs, dieAt }) {
  const script = fileURLToPath(new URL('enrolling-child.mjs', import.meta.url));
  const args = [script, dist, file, ENCODER, prefix, ...(dieAt === undefined ? [] : [String(dieAt)])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((done) => child.once('close', (code, signal) => done(signal ?? code)));
  let died;
  // What the pipe still holds after the kill is read as well.
  for await (const line of createInterface({ input: child.stdout })) {
    const [event, id, version] = line.split(' ');
    if (event === 'ready') setTimeout(() => child.kill('SIGKILL'), lifeMs);
    else if (event === 'dies') died = id;
    else ledger.note(event, id, version);
  }
  const end = await closed;
  if (end !== 'SIGKILL') throw new Error(`the child ended by itself (${end})`);
  return died;
}

async function check(file, ledger, report) {
  const { temps, where } = wreckage(file);
  report.leftovers += temps;
  const { people, removed, alarms } = await reopen({ dist, file, encoder: ENCODER });
  report.faults.push(...faults({ people, removed }, ledger), ...alarms);
  const unacknowledged = [...people.keys()].filter((id) => !ledger.enrolled.has(id)).length;
  report.savedUnacknowledged += unacknowledged;
  const place = where === 'elsewhere' && unacknowledged > 0 ? 'between the last rename and the acknowledgement' : where;
  report.killedIn[place] = (report.killedIn[place] ?? 0) + 1;
  report.leftoversAfterOpening += wreckage(file).temps;
  // What was saved without an acknowledgement is there from now on, and must stay.
  for (const [id, person] of people) ledger.enrolled.set(id, person.version);
  for (const [id, tombstone] of removed) {
    ledger.enrolled.delete(id);
    ledger.removed.set(id, tombstone.version);
  }
  for (const id of people.keys()) ledger.leaving.delete(id);
}

const folder = mkdtempSync(join(tmpdir(), 'kaimon-kill-'));
const file = join(folder, 'people.json');
const ledger = new Ledger();
const next = random(Number(values.seed));
const report = {
  seed: Number(values.seed),
  kills: 0,
  sweptSteps: [],
  acknowledged: 0,
  lost: 0,
  savedUnacknowledged: 0,
  leftovers: 0,
  leftoversAfterOpening: 0,
  killedIn: {},
  faults: [],
};
for (let kill = 0; kill < Number(values.kills); kill++) {
  await live(file, `k${kill}`, ledger, { lifeMs: Math.round(next() * LIFE_MAX_MS) });
  report.kills++;
  await check(file, ledger, report);
  if (!values.json) process.stderr.write(`\r${report.kills} kills, ${ledger.acknowledgements} acknowledged`);
}
const steps = values.sweep
  ? Array.from({ length: STEPS }, (_, step) => step)
  : values.steps.split(',').filter(Boolean).map(Number);
for (const step of steps) {
  const died = await live(file, `s${step}`, ledger, { lifeMs: 10_000, dieAt: step });
  report.kills++;
  report.sweptSteps.push(died);
  await check(file, ledger, report);
}
report.acknowledged = ledger.acknowledgements;
report.lost = report.faults.length;
rmSync(folder, { recursive: true });
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else process.stdout.write(`\n${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length === 0 ? 0 : 1;
