/**
 * The studio process: makes the demo's film, enrolment photos and annotated picture from the sample photos.
 * Native code runs here and never in the gate or the demo. One job as JSON on standard input; progress (a number from 0
 * to 1 a line) on standard output.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LandmarkNetwork } from '../face/landmark-network.js';
import { Network } from '../face/network.js';
import { explain } from '../kit/errors.js';
import { loadOpenCv } from '../kit/opencv/binding.js';
import { decodePhoto, encodeJpeg } from '../kit/opencv/codec.js';
import { drawMarks } from '../kit/opencv/draw.js';
import { clampRegion, Picture } from '../kit/opencv/picture.js';
import { seeded } from '../kit/seeded-random.js';
import { findModel } from '../models/manifest.js';
import { assertModels, loadManifest, modelPath } from '../models/model-files.js';
import { framesOf } from './film-maker.js';
import type { Likeness } from './people.js';
import { SamplePhotos } from './sample-photos.js';
import { filmLength } from './script.js';
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
  const total = filmLength(script);
  let frame = 0;
  for await (const pixels of framesOf(script, new SamplePhotos(photos, await landmarkNetwork()), seeded(seed))) {
    const picture = Picture.fromBytes(Buffer.from(pixels), script.width, script.height, 3);
    writeFileSync(join(out, `${String(frame).padStart(6, '0')}.jpg`), encodeJpeg(picture, JPEG_QUALITY));
    picture.release();
    frame += 1;
    process.stdout.write(`${frame / total}\n`);
  }
}

async function landmarkNetwork(): Promise<LandmarkNetwork> {
  const manifest = loadManifest();
  const model = findModel(manifest, 'landmarks');
  await assertModels(manifest, [model.name]);
  return new LandmarkNetwork(await Network.load(modelPath(model), model.input));
}

main().catch((thrown: unknown) => {
  process.stderr.write(`studio: ${explain(thrown)}\n`);
  process.exitCode = 1;
});
