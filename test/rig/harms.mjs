// node test/rig/harms.mjs [--only "disk: hangs,eye: SIGKILL"] [--busy] [--json]: a gate that is well and is then harmed while it runs, one harm after
// the other: what works meanwhile, how long until service is back by itself, what the state says, and how long its event loop stood still,
// as a table for docs/reliability.md. Starts real daemons with simulated wires, each with a disk of its own and a real Mosquitto. Needs
// `npm run build`, built models, mosquitto, and root (for the disks). Exits 1 where anything is not as test/rig/harm-list.mjs expects it, button
// or fire alarm do not work in time, service does not come back, a fact is missing that the site was told, or the event loop stood still for
// more than 20 ms (--busy: other programs have the cores, which is not judged).
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
    busy: { type: 'boolean', default: false },
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

/** The event loop of a gate at rest, in milliseconds; its start is told apart. */
const LOOP_MS = 20;

/** What is not as it must be, in sentences. */
function wrongIn(
  harm,
  { button, again, fire, requests, removal, enrolment, faces, during, back, loop, missing, ended },
) {
  const wrong = [...missing];
  const must = (met, text) => void (met || wrong.push(text));
  must(ended === undefined, `the gate ended: ${ended}`);
  must(button.failed + again.failed === 0, `the button failed ${button.failed + again.failed} times`);
  must(fire.ok, 'the door was not released as long as the fire lasted');
  for (const [what, ms] of Object.entries(back)) must(ms !== null, `${what} did not come back`);
  if (harm.asks !== false) {
    must(requests === 'yes', `open was answered ${requests}`);
    must(removal === (harm.removal ?? 'yes'), `a removal was answered ${removal}`);
  }
  // Who could not be removed is still enrolled.
  const enrolled = harm.asks === false ? 'duplicate-person' : 'yes';
  must(enrolment === enrolled, `an enrolment afterwards was answered ${enrolment}`);
  must(harm.faces?.(faces) !== false, `${faces} faces were let in`);
  for (const text of harm.says ?? [])
    must(
      during.some((said) => text.test(said)),
      `the state did not say ${text}`,
    );
  const still = Math.max(loop.well.own, loop.during.own, loop.after.own);
  must(values.busy || still <= LOOP_MS, `the event loop stood still for ${still} ms`);
  return wrong;
}

function rowOf(harm, found) {
  const { button, fire, faces, requests, removal, back, during, loop } = found;
  const late = Object.entries(back).map(([what, ms]) => `${what} ${seconds(ms)}`);
  return [
    harm.name,
    `${button.drawnMs} ms, pulse +${button.overMs} ms`,
    `${fire.drawnMs} ms, locked after ${fire.lockedMs} ms`,
    faces > 0 ? `yes (${faces})` : 'no',
    requests === '–' ? '–' : `${requests}; removal ${removal}`,
    late.join(', '),
    during.join('; ') || 'all is well',
    ['start', 'well', 'during', 'after'].map((when) => `${loop[when].own} (${loop[when].all})`).join(', '),
    found.wrong.join('; ') || '–',
  ];
}

const COLUMNS = [
  'what fails',
  'button',
  'fire',
  'faces during',
  'requests during',
  'back after',
  'state says',
  'loop ms: start, well, during, after',
  'wrong',
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
      const wrong = wrongIn(harm, found);
      failed ||= wrong.length > 0;
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ name: harm.name, ...found, wrong })}\n`
          : `| ${rowOf(harm, { ...found, wrong })
              .map(cell)
              .join(' | ')} |\n`,
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
