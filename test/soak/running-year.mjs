// node test/soak/running-year.mjs [--year 2026] [--zones ZONE,…] [--json]: a year of the gate's parts that go by the clock (recurring work,
// trusted clock, door with its bolt, entry policy), at work on a simulated clock and compared each minute with days painted with luxon.
// Works on the sources, needs no build.
import { parseArgs } from 'node:util';
import { fromSources } from './from-sources.mjs';

const { values } = parseArgs({
  options: {
    year: { type: 'string', default: '2026' },
    zones: {
      type: 'string',
      default: 'Europe/Berlin,America/New_York,Australia/Lord_Howe,Antarctica/Troll,Africa/Casablanca',
    },
    json: { type: 'boolean', default: false },
  },
});
const [{ runYear, simulated }, { ManualClock }] = await fromSources(
  '/test/schedule/running-year.ts',
  '/src/kit/manual-clock.ts',
);

const year = Number(values.year);
let failed = false;
for (const zone of values.zones.split(',')) {
  const began = process.hrtime.bigint();
  const [from, to] = [Date.UTC(year - 1, 11, 30), Date.UTC(year + 1, 0, 3)];
  const result = await runYear(zone, from, to, simulated(new ManualClock(from)));
  const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e9);
  failed ||= result.disagreements.length > 0;
  const { minutes, comparisons, modeChanges, hoursChanges, disagreements } = result;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ zone, year, seconds, ...result })}\n`
      : `${zone} ${year}: ${minutes} minutes, ${comparisons} comparisons, ${modeChanges} changes of the door's mode, ${hoursChanges} of hours, ${disagreements.length} disagreements, ${seconds} s\n${disagreements.map((line) => `  ${line}\n`).join('')}`,
  );
}
process.exit(failed ? 1 : 0);
