// node test/soak/schedule-year.mjs [--year 2026] [--zones Europe/Berlin,America/New_York] [--json]: a year of schedules, holidays,
// exceptions and door modes, minute by minute, against days painted with luxon. Works on the sources, needs no build.
import { parseArgs } from 'node:util';
import { fromSources } from './from-sources.mjs';

const { values } = parseArgs({
  options: {
    year: { type: 'string', default: '2026' },
    zones: { type: 'string', default: 'Europe/Berlin,America/New_York' },
    json: { type: 'boolean', default: false },
  },
});
const [{ compare }] = await fromSources('/test/schedule/year.ts');

const year = Number(values.year);
let failed = false;
for (const zone of values.zones.split(',')) {
  const began = process.hrtime.bigint();
  const result = compare(zone, Date.UTC(year - 1, 11, 30), Date.UTC(year + 1, 0, 3));
  const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e9);
  failed ||= result.disagreements.length > 0;
  const { minutes, comparisons, changes, foretold, disagreements } = result;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ zone, year, seconds, ...result })}\n`
      : `${zone} ${year}: ${minutes} minutes, ${comparisons} comparisons, ${changes} changes, ${foretold} of them foretold, ${disagreements.length} disagreements, ${seconds} s\n${disagreements.map((line) => `  ${line}\n`).join('')}`,
  );
}
process.exit(failed ? 1 : 0);
