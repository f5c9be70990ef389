// node test/rig/harms.mjs [--only "disk: hangs,eye: SIGKILL"] [--json]: a gate that is well and is then harmed while it runs, one harm after
// the other: what works meanwhile, how long until service is back by itself, what the state says, and how long its event loop stood still,
// as a table for docs/reliability.md. Starts real daemons with simulated wires, each with a disk of its own and a real Mosquitto. Needs
// `npm run build`, built models, mosquitto, and root (for the disks). Exits 1 where button or fire alarm do not work, service does not come
// back, or a fact is missing that the site was told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fromSources } from '../soak/from-sources.mjs';
import { HARMS } from './harm-list.mjs';
import { harmGate } from './harmed-gate.mjs';
import { prepare } from './prepared.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (process.getuid?.() !== 0) {
  process.stderr.write('this rig mounts disks of its own: run it as root\n');
  process.exit(4);
}
const only = values.only.split(',').filter(Boolean);
const harms = HARMS.filter(({ name }) => only.length === 0 || only.includes(name));
if (harms.length < Math.max(1, only.length)) {
  process.stderr.write(`harms are: ${HARMS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const seconds = (ms) => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`);
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

function rowOf({ button, again, fire, requests, removal, faces, during, back, loop, missing, ended }) {
  const failed = button.failed + again.failed;
  const late = Object.entries(back).map(([what, ms]) => `${what} ${seconds(ms)}`);
  return [
    failed > 0 ? `${failed} FAILED` : `${button.drawnMs} ms, pulse +${button.overMs} ms`,
    fire.ok ? `${fire.drawnMs} ms, locked after ${fire.lockedMs} ms` : 'NO',
    faces > 0 ? `yes (${faces})` : 'no',
    requests === '–' ? '–' : `${requests}; removal ${removal}`,
    ended === undefined ? late.join(', ') : `ENDED (${ended})`,
    during.join('; ') || 'all is well',
    `${loop.during.own} (${loop.during.all})`,
    missing.join('; ') || 'none',
  ];
}

const isWell = ({ button, again, fire, back, missing, ended }) =>
  ended === undefined &&
  button.failed + again.failed === 0 &&
  fire.ok &&
  !Object.values(back).includes(null) &&
  missing.length === 0;

const COLUMNS = [
  'what fails',
  'button',
  'fire',
  'faces during',
  'requests during',
  'back after',
  'state says',
  'loop ms',
  'missing',
];
if (!values.json) process.stdout.write(`| ${COLUMNS.join(' | ')} |\n|${COLUMNS.map(() => ' --- |').join('')}\n`);
const folder = mkdtempSync(join(tmpdir(), 'kaimon-harms-'));
let failed = false;
const [{ startMosquitto }] = await fromSources('/test/site/mosquitto.ts');
try {
  // Five seconds a round: how soon faces are back is not known better.
  const prepared = await prepare(folder, { frames: 9, empty: 3 });
  for (const [n, harm] of harms.entries()) {
    const broker = await startMosquitto();
    try {
      const found = await harmGate(join(folder, String(n)), prepared, harm, broker);
      failed ||= !isWell(found);
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ name: harm.name, ...found })}\n`
          : `| ${[harm.name, ...rowOf(found)].map(cell).join(' | ')} |\n`,
      );
    } catch (thrown) {
      failed = true;
      process.stderr.write(`${harm.name}: ${thrown.stack}\n`);
    } finally {
      await broker.stop();
    }
  }
} finally {
  if (values.keep) process.stderr.write(`everything is left in ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
