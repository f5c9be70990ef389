// node test/kill/eye-kill.mjs [--rounds 10] [--json]: while the bolt is released, SIGKILLs and SIGSTOPs the eye in turn and measures how
// long the bolt stays released and how long the gate is blind. Needs `npm run build` and built models.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BackOffice } from '../../dist/demo/back-office.js';
import { Daemon } from '../../dist/demo/daemon.js';
import { ENROLLED } from '../../dist/demo/people.js';
import { inStudio } from '../../dist/demo/studio-client.js';
import { startBroker } from '../../dist/site/link/embedded-broker.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, json: { type: 'boolean', default: false } },
});
const PULSE_MS = 1500;
const samples = fileURLToPath(new URL('../../models/build/samples', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kaimon-eye-kill-'));
const [ada] = ENROLLED;
const photo = join(folder, 'ada.jpg');
await inStudio({ job: 'portraits', photos: samples, portraits: [{ likeness: ada.likeness, out: photo }] });
const still = { light: [1, 1], noise: 4, expect: [] };
const script = {
  width: 640,
  height: 480,
  fps: 10,
  scenes: [
    { ...still, title: 'nobody', frames: 15, actors: [] },
    {
      ...still,
      title: 'Ada',
      frames: 30,
      actors: [{ likeness: ada.likeness, from: [280, 230, 130], to: [330, 245, 180] }],
    },
  ],
};
await inStudio({ job: 'film', photos: samples, out: join(folder, 'film'), seed: 3, script });

const broker = await startBroker();
const config = join(folder, 'kaimon.yaml');
writeFileSync(
  config,
  `site: eye\ngate: gate\ncamera: { kind: replay, path: ${join(folder, 'film')}, fps: 10 }\nliveness: { enabled: false }\ndecision: { cooldownMs: 500 }\ndoor: { pulseMs: ${PULSE_MS} }\nmqtt: { enabled: true, url: '${broker.url}' }\ngreeting: { speak: false }\n`,
);
let onEvent = () => undefined;
const office = await BackOffice.connect(broker.url, { site: 'eye', gate: 'gate' }, (event) => onEvent(event));
const daemon = new Daemon({ config, state: join(folder, 'state'), log: join(folder, 'gate.log') });
await office.until(({ eye }) => eye === 'up');
await office.enroll('Ada', readFileSync(photo));

const eyeOf = (gate) => {
  const children = readFileSync(`/proc/${gate}/task/${gate}/children`, 'utf8').trim().split(' ');
  const eye = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('eye/main.js'));
  // Bubblewrap, which keeps it in a sandbox, stands between the two.
  return readFileSync(`/proc/${eye}/comm`, 'utf8').trim() === 'bwrap' ? eyeOf(Number(eye)) : Number(eye);
};
const next = (type, state) =>
  new Promise((resolve) => {
    onEvent = (event) => {
      if (event.type === type && (state === undefined || event.state === state)) resolve(Date.parse(event.time));
    };
  });

const rows = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGSTOP';
  const released = await next('door', 'unlocked');
  const harmed = Date.now();
  process.kill(eyeOf(daemon.pid), signal);
  const sight = office
    .until(({ eye }) => eye !== 'up')
    .then(() => office.until(({ eye, camera }) => eye === 'up' && camera === 'live'))
    .then(() => Date.now() - harmed);
  const locked = await next('door', 'locked');
  rows.push({ signal, pulseMs: locked - released, blindMs: await sight });
  if (!values.json) process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
}
await daemon.stop();
await office.close();
await broker.close();
rmSync(folder, { recursive: true, force: true });

const of = (signal, key) => rows.filter((row) => row.signal === signal).map((row) => row[key]);
const summary = {
  rounds: rows.length,
  pulseMs: {
    wanted: PULSE_MS,
    least: Math.min(...rows.map((r) => r.pulseMs)),
    most: Math.max(...rows.map((r) => r.pulseMs)),
  },
  blindMs: Object.fromEntries(
    ['SIGKILL', 'SIGSTOP'].map((signal) => [
      signal,
      { least: Math.min(...of(signal, 'blindMs')), most: Math.max(...of(signal, 'blindMs')) },
    ]),
  ),
};
process.stdout.write(`${JSON.stringify(summary, null, values.json ? 0 : 2)}\n`);
