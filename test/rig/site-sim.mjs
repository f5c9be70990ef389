// node test/rig/site-sim.mjs [--gates 50] [--people 10000] [--seed 1] [--minutes 10] [--brokers 2] [--keys] [--on-disk 50]
// [--numbers 16] [--calm 100] [--every 500]: gates of one site, each with its own people, clock and connection, over real Mosquittos that are bridged.
// People are enrolled, changed and removed at random while cables are pulled, gates are killed, clocks are wrong and brokers end and lose
// their store; in the end every gate must know exactly what the model of this test says. Prints one summary; exits 1 where anything is
// wrong, and then keeps the way to it. Needs mosquitto, no build. With --on-disk fewer gates write their people to this machine's disk, the others
// keep them in memory. --numbers are those of a template (the encoders have 128 and 512); a record is that much larger.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromSources } from '../soak/from-sources.mjs';

const text = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: {
    gates: text('50'),
    people: text('10000'),
    seed: text('1'),
    minutes: text('10'),
    brokers: text('2'),
    keys: { type: 'boolean', default: false },
    'on-disk': { type: 'string' },
    numbers: text('16'),
    calm: text('100'),
    every: text('500'),
  },
});
const [gates, people, seed, minutes, brokers, numbers, calm, every] = [
  'gates',
  'people',
  'seed',
  'minutes',
  'brokers',
  'numbers',
  'calm',
  'every',
].map((name) => Number(values[name]));
const forMs = minutes * 60_000;
const stepMs = 600;
const began = Date.now();
const say = (line) => process.stderr.write(`${((Date.now() - began) / 1000).toFixed(0)} s: ${line}\n`);
const busy = () => `load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;

const [{ run, textOf }] = await fromSources('/test/rig/site-sim/run.ts');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const folder = mkdtempSync(join(tmpdir(), 'kaimon-site-sim-'));
const report = await run({
  folder,
  seed,
  gates,
  people,
  brokers,
  numbers,
  keys: values.keys,
  onDisk: Number(values['on-disk'] ?? gates),
  quietMs: 1_500,
  calm: { edits: calm, everyMs: every },
  storm: {
    steps: Math.ceil(forMs / (stepMs / 2)),
    stepMs,
    forMs,
    faultMs: [1_000, Math.min(120_000, forMs / 5)],
    faults: {
      pulls: 2 * gates,
      kills: gates / 2,
      clocks: gates / 2,
      restarts: Math.ceil(minutes / 4),
      lost: Math.ceil(minutes / 5),
      minutes: minutes / 2,
    },
  },
  say: (line) => say(`${line}; ${busy()}`),
});

const perChange = (amounts) =>
  [...amounts]
    .filter(([, { messages }]) => messages > 0)
    .map(
      ([kind, { messages, bytes }]) =>
        `${kind} ${(messages / report.calmEdits).toFixed(1)} of ${(bytes / messages).toFixed(0)} bytes`,
    )
    .join(', ');
const { healing } = report;
process.stdout.write(`${gates} gates, ${people} people, ${brokers} brokers, seed ${seed}${values.keys ? ', signed and sealed' : ''}; ${busy()}
start: all know all after ${(report.startMs / 1000).toFixed(1)} s, ${(report.startMessages / gates).toFixed(0)} records a gate received; ${report.mibPerGate.toFixed(1)} MiB a gate; ${report.brokerUs.toFixed(0)} µs of the brokers a message received
calm: ${textOf(report.calm)}
storm: ${textOf(report.storm)}; ${report.edits} edits, ${report.refused} refused, ${report.forgotten} removals forgotten by clocks years ahead
messages a change, sent by all gates: ${perChange(report.sent)}
messages a change, received by all gates: ${perChange(report.received)}
end: ${report.people} people, ${report.removals} removals, after ${healing.minutes} minutes of whole time; ${healing.exact} ids as acknowledged, ${healing.newer} newer
`);
for (const line of report.wrong) process.stdout.write(`WRONG: ${line}\n`);
if (report.wrong.length > 0) {
  const trace = join(tmpdir(), `kaimon-site-sim-${seed}.trace`);
  writeFileSync(trace, `${report.trace.join('\n')}\n`);
  process.stdout.write(`the way to it: ${trace}\n`);
} else process.stdout.write('nothing was wrong\n');
process.exit(report.wrong.length > 0 ? 1 : 0);
