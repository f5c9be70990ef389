// node test/soak/adversarial-frames.mjs [--observations 10000] [--seed N] [--json]: hostile observations (blank, noise, huge, tiny, one
// face repeated, two people taking turns, broken numbers, prints, time going backwards …) through the wire's schema and the whole gate.
// Exits 1 when a person is let in; an error of the gate ends it. Works on the sources, needs no build.
import { parseArgs } from 'node:util';
import { fromSources } from './from-sources.mjs';

const { values } = parseArgs({
  options: {
    observations: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
});
const [{ run }] = await fromSources('/test/property/adversarial.ts');

const result = { ...run(Number(values.observations), Number(values.seed)), seed: Number(values.seed) };
process.stdout.write(
  values.json
    ? `${JSON.stringify(result)}\n`
    : `${result.observations} observations, seed ${result.seed}: ${result.seen} seen, ${result.rejected} rejected by the schema, ` +
        `${result.grants} let in ${result.grants > 0 ? JSON.stringify(result.granted) : ''}\n`,
);
process.exit(result.grants === 0 && result.opened === 0 ? 0 : 1);
