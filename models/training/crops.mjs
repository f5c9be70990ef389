/**
 * node crops.mjs IMAGES OUT.bin [SIZE]: the aligned crops (BGR, 96 × 96 or SIZE × SIZE) of a set of photos, one folder a person, made by
 * the product's own chain, and beside it OUT.json with [person, image, found, 68 points in pixels of the photo] a photo: what validate.py,
 * fusion.py and groups.py judge by. Needs dist/ (npm run build).
 */
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defaultConfig } from '../../dist/config/config.js';
import { HaarProposer, PHOTO_HAAR } from '../../dist/face/haar.js';
import { LandmarkNetwork } from '../../dist/face/landmark-network.js';
import { FaceMeter } from '../../dist/face/measure.js';
import { Network } from '../../dist/face/network.js';
import { UltraFace } from '../../dist/face/ultraface.js';
import { loadOpenCv } from '../../dist/kit/opencv/binding.js';
import { decodePhoto } from '../../dist/kit/opencv/codec.js';
import { findModel } from '../../dist/models/manifest.js';
import { loadManifest, modelPath } from '../../dist/models/model-files.js';

const [images, out, side] = process.argv.slice(2);
const size = Number(side ?? 96);
if (!images || !out || !(size >= 16)) throw new Error('give the folder of images, the file to write, and a size of 16 or more if not 96');
await loadOpenCv();
const manifest = loadManifest();
const load = (role) => {
  const model = findModel(manifest, role);
  return Network.load(modelPath(model), model.input);
};
const { points } = findModel(manifest, 'encoder', 'mobilefacenet').template;
const template = { size, fit: 'similarity', points: points.map((point) => point.map((at) => (at * size) / 112)) };
let crops = [];
/** Stands in the encoder's place and keeps what it is given. */
const encoder = {
  id: 'crops@000000000000',
  template,
  dimension: 1,
  encode: async (aligned) => {
    crops.push(aligned.bytes());
    return new Float32Array([1]);
  },
};
const meter = new FaceMeter(
  {
    haar: new HaarProposer({ ...defaultConfig.faces.haar, ...PHOTO_HAAR }),
    confirmer: new UltraFace(await load('detector-confirm'), defaultConfig.faces.confirm),
    landmarks: new LandmarkNetwork(await load('landmarks')),
    encoder,
  },
  defaultConfig.faces.max,
);
const file = openSync(out, 'w');
const rows = [];
for (const person of readdirSync(images).sort())
  for (const name of readdirSync(join(images, person)).sort()) {
    crops = [];
    const { picture } = await decodePhoto(readFileSync(join(images, person, name)));
    const { faces } = await meter.measure(picture);
    const away = ({ box }) =>
      Math.hypot(box.x + box.width / 2 - picture.width / 2, box.y + box.height / 2 - picture.height / 2);
    const [nearest] = faces.map((face, at) => ({ at, away: away(face) })).sort((a, b) => a.away - b.away);
    picture.release();
    if (nearest) writeSync(file, crops[nearest.at]);
    const points = nearest && faces[nearest.at].landmarks.map((point) => point.map((at) => Math.round(at * 100) / 100));
    rows.push([person, name.replace(/\.[^.]+$/, ''), nearest ? 1 : 0, ...(points ? [points] : [])]);
  }
closeSync(file);
writeFileSync(out.replace(/\.bin$/, '.json'), JSON.stringify(rows));
console.log(`${rows.length} photos, no face on ${rows.filter(([, , found]) => !found).length}`);
