// node test/soak/running-year.mjs [--year 2026] [--zones ZONE,…] [--days N] [--clock unchecked] [--json]: a year of whole gate processes
// with simulated wires and faces, on a simulated clock that jumps six times, compared each minute with days painted with luxon. A line for
// each zone once it is done; --zones goes on with those that are left. Works on the sources, needs no build.
import { parseArgs } from 'node:util';
import { fromSources } from './from-sources.mjs';

const { values } = parseArgs({
  options: {
    year: { type: 'string', default: '2026' },
    zones: {
      type: 'string',
      default: 'Europe/Berlin,America/New_York,Australia/Lord_Howe,Antarctica/Troll,Africa/Casablanca',
    },
    days: { type: 'string', default: '369' },
    clock: { type: 'string', default: 'synchronised' },
    json: { type: 'boolean', default: false },
  },
});
const [{ runYear }, { jumpsOf }] = await fromSources(
  '/test/schedule/running-year.ts',
  '/test/schedule/wrong-clocks.ts',
);

const year = Number(values.year);
const DAY_MS = 86_400_000;
const fromMs = Date.UTC(year - 1, 11, 30);
const toMs = fromMs + Number(values.days) * DAY_MS;
const jumps = jumpsOf(year);
let failed = false;
for (const zone of values.zones.split(',')) {
  const began = process.hrtime.bigint();
  const result = await runYear({ zone, fromMs, toMs, jumps, needs: values.clock });
  const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e9);
  failed ||= result.disagreements.length > 0;
  const { minutes, comparisons, modeChanges, hoursChanges, resets, attempts, journalFiles, pictures } = result;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ zone, year, seconds, ...result })}\n`
      : `${zone} ${year}: ${minutes} minutes, ${result.jumps} jumps of the clock, ${comparisons} comparisons, ${modeChanges} changes of the door's mode, ${hoursChanges} of hours and dates, ${resets} resets of anti-passback, ${attempts} people at the door, ${result.entries} entries of journals, ${journalFiles} files of them and ${pictures} pictures purged, ${result.disagreements.length} disagreements, ${seconds} s\n${result.disagreements.map((line) => `  ${line}\n`).join('')}`,
  );
}
process.exit(failed ? 1 : 0);
