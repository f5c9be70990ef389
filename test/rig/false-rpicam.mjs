// Stands in for rpicam-vid: plays a folder of JPEGs, or does what the file MODE says: node false-rpicam.mjs FILM BLACK MODE.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , film, black, control] = process.argv;
const FRAME_MS = 333;
const GARBAGE = Buffer.alloc(6 * 1024 * 1024, 1);
// A picture that begins and never ends.
GARBAGE.set([0xff, 0xd8, 0xff, 0xda, 0, 2]);

const load = (folder) =>
  readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
const [frames, dark] = [load(film), load(black)];
const mode = () => readFileSync(control, 'utf8').trim();
writeFileSync(`${control}.pid`, String(process.pid));
process.stdout.on('error', () => process.exit(0));
const out = (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
const pause = () => new Promise((resolve) => setTimeout(resolve, FRAME_MS));

for (let n = 0; ; n++) {
  const now = mode();
  if (now === 'gone') {
    process.stderr.write('ERROR: *** no cameras available ***\n');
    process.exit(255);
  }
  if (now === 'garbage') await out(GARBAGE);
  else if (now === 'frozen') await out(frames[Math.floor(frames.length / 2)]);
  else if (now === 'black') await out(dark[n % dark.length]);
  else await out(frames[n % frames.length]);
  if (now !== 'flood') await pause();
}
