// node test/soak/soak.mjs [--frames 20000] [--out DIR] [--dist dist] [--json]
// Lets the whole daemon (embedded broker, two people enrolled over MQTT, simulated door) see the demo's film again and again, as fast as
// it can, and notes the memory of gate and eye every second: DIR/soak.csv and a summary. Linux only. Exits 0 when both are flat, 1 when
// one grows, 4 when the build is missing. Needs `npm run build`; 20,000 frames take about ten minutes on one core.
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** Growth over the second half that counts as flat, kB per 1,000 frames. A lost 640×480 frame would be 900 kB each. */
const FLAT_KB = 250;
const SAMPLE_MS = 1000;
const SEED = 20_261_124;
const NAMES = { site: 'soak', gate: 'front' };

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '20000' },
    out: { type: 'string' },
    dist: { type: 'string', default: fileURLToPath(new URL('../../dist', import.meta.url)) },
    json: { type: 'boolean', default: false },
  },
});
const dist = resolve(values.dist);
if (!existsSync(join(dist, 'bench/measured-daemon.js'))) {
  process.stderr.write(`no build in ${dist}: run "npm run build" first\n`);
  process.exit(4);
}
const load = (file) => import(pathToFileURL(join(dist, file)).href);
const { MeasuredDaemon, memoryOf } = await load('bench/measured-daemon.js');
const { ENROLLED } = await load('demo/people.js');
const { SCRIPT } = await load('demo/script.js');
const { inStudio } = await load('demo/studio-client.js');
const { BackOffice } = await load('demo/back-office.js');
const { startBroker } = await load('site/link/embedded-broker.js');
const { projectRoot } = await load('models/model-files.js');

/** @returns the film's folder, not yet where the camera reads, and an enrolment photo of each person */
async function studio(folder) {
  const photos = join(projectRoot(), 'models', 'build', 'samples');
  const film = join(folder, 'film.made');
  await inStudio({ job: 'film', photos, out: film, seed: SEED, script: SCRIPT });
  const portraits = ENROLLED.map(({ name, likeness }) => ({ name, likeness, out: join(folder, `${name}.jpg`) }));
  await inStudio({ job: 'portraits', photos, portraits: portraits.map(({ likeness, out }) => ({ likeness, out })) });
  return { film, portraits };
}

/** Samples memory until `frames` frames were decided on. */
async function measure(daemon, frames, csv) {
  const samples = [];
  const eyes = new Set();
  let frame = 0;
  const counts = { granted: 0, refused: 0 };
  const reached = (async () => {
    while (frame < frames) {
      const line = await daemon.line(({ type }) => type === 'granted' || type === 'refused');
      frame = line.frame;
      counts[line.type] += 1;
    }
  })();
  const begin = performance.now();
  const sample = () => {
    const { eyePid } = daemon;
    if (eyePid === undefined) return;
    eyes.add(eyePid);
    const [gate, eye] = [memoryOf(daemon.pid), memoryOf(eyePid)];
    const row = { seconds: (performance.now() - begin) / 1000, frame, gate, eye };
    samples.push(row);
    const kb = [gate.rss, gate.pss, eye.rss, eye.pss].map((bytes) => Math.round(bytes / 1024));
    csv.write(`${row.seconds.toFixed(1)},${frame},${kb.join(',')}\n`);
    if (!values.json) process.stderr.write(`\r${frame} of ${frames} frames`);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await reached;
  } finally {
    clearInterval(timer);
  }
  sample();
  process.stderr.write('\n');
  return { samples, counts, eyes: eyes.size };
}

const mean = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

/** Least squares, kB per 1,000 frames. */
function slope(points) {
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const up = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const down = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return (up / down) * (1000 / 1024);
}

function summarise(samples, part, kind) {
  const points = samples.map((sample) => [sample.frame, sample[part][kind]]);
  const last = points.at(-1)[0];
  const within = (from, to) => points.filter(([frame]) => frame >= from * last && frame <= to * last);
  const mb = (some) => mean(some.map(([, bytes]) => bytes)) / 1e6;
  return {
    firstQuarterMb: mb(within(0, 0.25)),
    lastQuarterMb: mb(within(0.75, 1)),
    largestMb: Math.max(...points.map(([, bytes]) => bytes)) / 1e6,
    slopeKb: slope(points),
    secondHalfSlopeKb: slope(within(0.5, 1)),
  };
}

const frames = Number(values.frames);
const folder = values.out === undefined ? mkdtempSync(join(tmpdir(), 'kaimon-soak-')) : resolve(values.out);
mkdirSync(folder, { recursive: true });
const { film, portraits } = await studio(folder);
const broker = await startBroker();
const office = await BackOffice.connect(broker.url, NAMES, () => undefined);
const seen = join(folder, `film-${process.pid}`);
const daemon = new MeasuredDaemon(join(folder, `daemon-${process.pid}`), {
  ...NAMES,
  camera: { kind: 'replay', path: seen, speed: 'full', loop: true },
  decision: { faces: 'all-known' },
  mqtt: { enabled: true, url: broker.url },
});
const csv = createWriteStream(join(folder, 'soak.csv'));
csv.write('seconds,frame,gate_rss_kb,gate_pss_kb,eye_rss_kb,eye_pss_kb\n');
let result;
try {
  await office.until(({ eye }) => eye === 'up');
  for (const { name, out } of portraits) await office.enroll(name, readFileSync(out));
  renameSync(film, seen);
  result = await measure(daemon, frames, csv);
} finally {
  await daemon.stop();
  await office.close();
  await broker.close();
  csv.end();
}
const { samples, counts, eyes } = result;
const { frame, seconds } = samples.at(-1);
const summary = {
  frames: frame,
  seconds: Math.round(seconds),
  framesPerSecond: Number((frame / seconds).toFixed(1)),
  ...counts,
  eyes,
  gate: summarise(samples, 'gate', 'rss'),
  eye: summarise(samples, 'eye', 'rss'),
  csv: join(folder, 'soak.csv'),
};
const flat = eyes === 1 && [summary.gate, summary.eye].every(({ secondHalfSlopeKb }) => secondHalfSlopeKb <= FLAT_KB);
if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, flat })}\n`);
else {
  const line = (name, { firstQuarterMb, lastQuarterMb, largestMb, slopeKb, secondHalfSlopeKb }) =>
    `${name}: RSS ${firstQuarterMb.toFixed(1)} MB in the first quarter, ${lastQuarterMb.toFixed(1)} in the last, at most ${largestMb.toFixed(1)}; ` +
    `${slopeKb.toFixed(0)} kB per 1,000 frames over all, ${secondHalfSlopeKb.toFixed(0)} over the second half`;
  process.stdout.write(
    `${summary.frames} frames in ${summary.seconds} s (${summary.framesPerSecond} a second), ${counts.granted} granted, ${counts.refused} refused, ${eyes} eye process\n` +
      `${line('gate', summary.gate)}\n${line('eye', summary.eye)}\n${flat ? 'flat' : 'NOT flat'}; samples in ${summary.csv}\n`,
  );
}
process.exitCode = flat ? 0 : 1;
