// node test/soak/door-million.mjs [--sequences 1000000] [--seed N] [--json]: random sequences of events through the door machine, with
// its timers ringing as they should; stops at the first broken rule and prints the sequence. Works on the sources, needs no build.
import { parseArgs } from 'node:util';
import { fromSources } from './from-sources.mjs';

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
});
const [{ HAPPENINGS, RULES, run }] = await fromSources('/test/door/invariants.ts');

/** mulberry32: small, even, and the same everywhere for one seed. */
let state = Number(values.seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const waits = [0, 1, 30, 500, 999, 1000, 2999, 3000, 3001, 9999, 10_000, 20_000, 25_000];
const count = Number(values.sequences);
const began = process.hrtime.bigint();
let events = 0;
for (let i = 0; i < count; i++) {
  const sequence = [];
  for (let left = 1 + Math.floor(random() * 40); left > 0; left--) {
    const afterMs = random() < 0.5 ? Math.floor(random() * 4000) : waits[Math.floor(random() * waits.length)];
    const happening = HAPPENINGS[Math.floor(random() * HAPPENINGS.length)];
    // Nothing happens at a stopped door any more, so it is stopped only near the end.
    if (happening.kind === 'stop' && left > 3) continue;
    sequence.push({ afterMs, happening });
  }
  events += sequence.length;
  if (!values.json && (i + 1) % 100_000 === 0) process.stderr.write(`${i + 1} sequences\n`);
  const rule = RULES[Math.floor(random() * RULES.length)];
  const broken = run(sequence, rule);
  if (broken !== undefined) {
    process.stdout.write(
      `${broken}\nseed ${values.seed}, sequence ${i}:\n${JSON.stringify({ rule, sequence }, null, 1)}\n`,
    );
    process.exit(1);
  }
}
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const result = { sequences: count, events, seed: Number(values.seed), broken: 0, seconds: Math.round(seconds) };
process.stdout.write(
  values.json
    ? `${JSON.stringify(result)}\n`
    : `${count} sequences, ${events} events, no rule broken, ${result.seconds} s, seed ${values.seed}\n`,
);
