// node test/measure/turns.mjs DIR [EVERY]: how well the cascade's support tells which way up a photo is (src/face/upright.ts). DIR holds
// upright photos, one folder a person; each EVERYth is shown in four ways. Prints how many were set upright. Needs dist/ and the models.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../../dist/config/config.js';
import { OnnxEncoder } from '../../dist/face/encoder.js';
import { HaarProposer, PHOTO_HAAR } from '../../dist/face/haar.js';
import { LandmarkNetwork } from '../../dist/face/landmark-network.js';
import { FaceMeter } from '../../dist/face/measure.js';
import { Network } from '../../dist/face/network.js';
import { UltraFace } from '../../dist/face/ultraface.js';
import { turnFor } from '../../dist/face/upright.js';
import { loadOpenCv } from '../../dist/kit/opencv/binding.js';
import { decodePhoto } from '../../dist/kit/opencv/codec.js';
import { loadManifest } from '../../dist/models/model-files.js';
import { loadModels } from '../../dist/models/model-set.js';

const [folder, every = '1'] = process.argv.slice(2);
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
  .filter((file) => file.endsWith('.jpg'))
  .sort()
  .filter((_, i) => i % Number(every) === 0);

await loadOpenCv();
const { models } = await loadModels(loadManifest(), { encoder: defaultConfig.encoder, liveness: false });
const { faces } = defaultConfig;
const meter = new FaceMeter(
  {
    haar: new HaarProposer({ ...faces.haar, ...PHOTO_HAAR }),
    confirmer: new UltraFace(await Network.load(models.confirmer.file, models.confirmer.input), faces.confirm),
    landmarks: new LandmarkNetwork(await Network.load(models.landmarks.file, models.landmarks.input)),
    encoder: await OnnxEncoder.load(models.encoder),
  },
  16,
);

const WAYS = [0, 90, 180, 270];
const counts = new Map(WAYS.map((way) => [way, { right: 0, wrong: 0, unclear: 0 }]));
for (const file of files) {
  const { picture } = await decodePhoto(readFileSync(file));
  const supports = [];
  for (const way of WAYS) {
    const shown = way === 0 ? picture : picture.rotate(way);
    supports.push(await meter.support(shown));
    if (way !== 0) shown.release();
  }
  picture.release();
  WAYS.forEach((shown, at) => {
    const turned = [180, 90, 270].map((turn) => ({ turn, support: supports[(at + turn / 90) % 4] }));
    const turn = turnFor(supports[at], turned);
    const count = counts.get(shown);
    if (turn === null) count.unclear += 1;
    else if ((shown + turn) % 360 === 0) count.right += 1;
    else count.wrong += 1;
  });
}
console.log(`${files.length} photos`);
for (const [way, { right, wrong, unclear }] of counts)
  console.log(`shown turned by ${way}°: ${right} upright at the end, ${unclear} not told, ${wrong} wrong`);
