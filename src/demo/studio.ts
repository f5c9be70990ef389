/**
 * The studio process: makes the demo's film, enrolment photos and annotated picture from the sample photos.
 * Native code runs here and never in the gate or the demo. One job as JSON on standard input; progress (a number from 0
 * to 1 a line) on standard output.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { explain } from '../kit/errors.js';
import { loadOpenCv } from '../kit/opencv/binding.js';
import { decodePhoto, encodeJpeg } from '../kit/opencv/codec.js';
import { drawMarks } from '../kit/opencv/draw.js';
import { clampRegion, Picture } from '../kit/opencv/picture.js';
import { seeded } from '../kit/seeded-random.js';
import { expose, noiseTable, paintLayer, paintPhone, paintWall } from './compositor.js';
import { filmLength, type Likeness, placement, type Script, sceneAt } from './script.js';
import { type StudioJob, studioJobSchema } from './studio-jobs.js';

const JPEG_QUALITY = 92;
/** An enrolment photo shows so many face heights around the face. */
const PORTRAIT = 2.2;

async function main(): Promise<void> {
  const job = studioJobSchema.parse(JSON.parse(await text(process.stdin)));
  await loadOpenCv();
  switch (job.job) {
    case 'film':
      return film(job);
    case 'portraits':
      for (const { likeness, out } of job.portraits)
        writeFileSync(out, await portrait(join(job.photos, likeness.photo), likeness));
      return;
    case 'annotate': {
      const { picture } = await decodePhoto(readFileSync(job.picture));
      drawMarks(picture, job.marks);
      writeFileSync(job.out, encodeJpeg(picture, JPEG_QUALITY));
      return;
    }
  }
}

async function portrait(file: string, { centre: [x, y], height }: Likeness): Promise<Buffer> {
  const { picture } = await decodePhoto(readFileSync(file));
  const side = height * PORTRAIT;
  // Narrower than high: the neighbours on the photo stay out.
  const box = { x: x - side * 0.36, y: y - side / 2, width: side * 0.72, height: side };
  return encodeJpeg(picture.crop(clampRegion(box, picture.width, picture.height) ?? picture.fullRegion), JPEG_QUALITY);
}

async function film({ script, photos, out, seed }: Extract<StudioJob, { job: 'film' }>): Promise<void> {
  mkdirSync(out, { recursive: true });
  const random = seeded(seed);
  const noise = noiseTable(1_000_003, random);
  const sources = await loadPhotos(script, photos);
  const total = filmLength(script);
  const pixels = new Uint8Array(script.width * script.height * 3);
  for (let frame = 0; frame < total; frame++) {
    paintFrame(pixels, script, frame, sources);
    const { scene, share } = sceneAt(script, frame);
    const light = scene.light[0] + (scene.light[1] - scene.light[0]) * share;
    expose(pixels, light, scene.noise, noise, Math.floor(random() * noise.length));
    const picture = Picture.fromBytes(Buffer.from(pixels), script.width, script.height, 3);
    writeFileSync(join(out, `${String(frame).padStart(6, '0')}.jpg`), encodeJpeg(picture, JPEG_QUALITY));
    picture.release();
    process.stdout.write(`${(frame + 1) / total}\n`);
  }
}

async function loadPhotos(script: Script, folder: string): Promise<Map<string, Picture>> {
  const names = new Set(script.scenes.flatMap(({ actors }) => actors.map(({ likeness }) => likeness.photo)));
  const sources = new Map<string, Picture>();
  for (const name of names) sources.set(name, (await decodePhoto(readFileSync(join(folder, name)))).picture);
  return sources;
}

function paintFrame(pixels: Uint8Array, script: Script, frame: number, sources: ReadonlyMap<string, Picture>): void {
  const { scene, share } = sceneAt(script, frame);
  paintWall(pixels, script);
  const strip = script.width / Math.max(1, scene.actors.length);
  scene.actors.forEach((actor, i) => {
    const { matrix, ...at } = placement(actor, share);
    const source = sources.get(actor.likeness.photo);
    const warped = source?.warp(matrix, script.width, script.height);
    if (!source || !warped) return;
    const own: [number, number] = [Math.round(i * strip), Math.round((i + 1) * strip)];
    if (actor.as === 'phone') paintPhone(pixels, script, { ...at, pixels: warped.bytes() });
    else paintLayer(pixels, script, { pixels: warped.bytes(), matrix, source, strip: own });
    warped.release();
  });
}

main().catch((thrown: unknown) => {
  process.stderr.write(`studio: ${explain(thrown)}\n`);
  process.exitCode = 1;
});
