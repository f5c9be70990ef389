import { describe, expect, test } from 'vitest';
import { fillTensor } from '../../src/face/network.js';
import { findModel } from '../../src/models/manifest.js';
import { modelPath, originalPath } from '../../src/models/model-files.js';
import { cutFace, FACES, type SampleFace } from './face-crops.js';
import { referenceLandmarks } from './face-landmark-68-reference.js';
import { manifest, modelsBuilt, NOT_BUILT, openGraph } from './networks.js';

const model = findModel(manifest, 'landmarks', 'landmarks68');
const SIDE = 112;

/** Prepares the picture as the product does: by the manifest's description of the input. */
async function exportedNetwork(): Promise<(bgr: Buffer) => Promise<Float32Array>> {
  const run = await openGraph(modelPath(model));
  return async (bgr) => {
    const values = new Float32Array(3 * SIDE * SIDE);
    fillTensor(bgr, 3, model.input, values);
    const output = (await run([1, 3, SIDE, SIDE], values))[model.output.name];
    if (!output) throw new Error(`the graph has no output ${model.output.name}`);
    return output.data;
  };
}

/** Largest distance of two sets of points, in pixels of the 112-pixel crop. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i += 2)
    worst = Math.max(worst, SIDE * Math.hypot((a[i] ?? NaN) - (b[i] ?? NaN), (a[i + 1] ?? NaN) - (b[i + 1] ?? NaN)));
  return worst;
}

const toRgb = (bgr: Buffer): Uint8Array => Uint8Array.from(bgr, (_, i) => bgr[i + 2 - 2 * (i % 3)] as number);

/** Points of the chin, nose tip, outer eye and mouth corners. */
const CHECKED = [8, 30, 36, 45, 48, 54];

/** What face-api 1.7.15 itself gave for these crops, run once with TensorFlow.js 4.22.0 on its JavaScript backend. */
const BY_FACE_API: readonly (readonly [face: number, points: readonly number[]])[] = [
  [0, [0.416, 0.9958, 0.2899, 0.6682, 0.1602, 0.3958, 0.609, 0.4207, 0.2527, 0.7705, 0.5431, 0.781]],
  [9, [0.7146, 0.9251, 0.6918, 0.5981, 0.3403, 0.48, 0.7166, 0.3233, 0.539, 0.7727, 0.7724, 0.6756]],
  [21, [0.3219, 0.9819, 0.3687, 0.6533, 0.2398, 0.3445, 0.6837, 0.4583, 0.2376, 0.711, 0.5104, 0.7882]],
];

describe.skipIf(!modelsBuilt)(`the exported 68-landmark network${modelsBuilt ? '' : ` (${NOT_BUILT})`}`, () => {
  test('marks all 22 faces of the sample photos as the original weights do', { timeout: 120_000 }, async () => {
    const exported = await exportedNetwork();
    const original = referenceLandmarks(
      originalPath({ file: 'face_landmark_68_model.bin' }),
      originalPath({ file: 'face_landmark_68_model-weights_manifest.json' }),
    );
    expect(FACES).toHaveLength(22);
    for (const face of FACES) {
      const crop = await cutFace(face);
      // Half a pixel is what alignment could notice; only the order of additions differs, so far less is seen.
      expect(farthest(await exported(crop), original(toRgb(crop)))).toBeLessThan(0.01);
    }
  });

  test('marks three faces where face-api itself marks them', async () => {
    const exported = await exportedNetwork();
    for (const [index, points] of BY_FACE_API) {
      const all = await exported(await cutFace(FACES[index] as SampleFace));
      const some = CHECKED.flatMap((point) => [all[2 * point] ?? NaN, all[2 * point + 1] ?? NaN]);
      // The decoder of the photo is the distribution's: the crops may differ by a grey level.
      expect(farthest(some, points)).toBeLessThan(0.5);
    }
  });
});
