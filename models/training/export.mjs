// node export.mjs FOLDER float16|float32 OUT [mirror]: used by export.py. Needs dist/ (npm run build).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportOpenFace } from '../../dist/models/openface/export.js';

const [folder, storage, out, mirror] = process.argv.slice(2);
const bytes = readFileSync(join(folder, 'weights.f32'));
const arrays = new Map(
  JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).map(({ name, shape, offset }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    return [name, { shape, data: Float32Array.from({ length }, (_, i) => bytes.readFloatLE(offset + 4 * i)) }];
  }),
);
const metadata = { source: 'trained by the Kaimon project, models/training/README.md', licence: 'see models/openface.md' };
writeFileSync(out, exportOpenFace(arrays, { storage, style: 'decomposed', mirror: mirror === 'mirror', metadata }));
