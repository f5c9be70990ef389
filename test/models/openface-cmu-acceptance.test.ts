import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { OnnxEncoder } from '../../src/face/encoder.js';
import { HaarProposer, PHOTO_HAAR } from '../../src/face/haar.js';
import { LandmarkNetwork } from '../../src/face/landmark-network.js';
import { FaceMeter } from '../../src/face/measure.js';
import { Network } from '../../src/face/network.js';
import { UltraFace } from '../../src/face/ultraface.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { decodePhoto } from '../../src/kit/opencv/codec.js';
import { decodeVector } from '../../src/kit/vector.js';
import { encoderId, findModel } from '../../src/models/manifest.js';
import { modelPath, projectRoot } from '../../src/models/model-files.js';
import { fetchOpenFaceCmu } from '../../src/models/openface/cmu-fetch.js';
import { squaredDistance } from '../../src/person/distance.js';
import { manifest, NOT_BUILT } from './networks.js';

/**
 * With CMU's own files only, which are not in this repository:
 * OPENFACE_CMU_WEIGHTS  what `kaimon models fetch openface-cmu --from` takes (github: iwantooxxoox/Keras-OpenFace)
 * OPENFACE_CMU_IMAGES   the folder images/examples of github: cmusatyalab/openface
 * The names do not begin with KAIMON_: those are keys of the configuration.
 */
const weights = process.env['OPENFACE_CMU_WEIGHTS'];
const images = process.env['OPENFACE_CMU_IMAGES'];
const PHOTOS = ['lennon-1', 'lennon-2', 'clapton-1', 'clapton-2'] as const;
type Photo = (typeof PHOTOS)[number];

const lacking = (): string | undefined => {
  if (!weights) return "CMU's weights are not here: set OPENFACE_CMU_WEIGHTS and OPENFACE_CMU_IMAGES";
  if (!images || !PHOTOS.every((photo) => existsSync(join(images, `${photo}.jpg`))))
    return "CMU's four example photos are not here: set OPENFACE_CMU_IMAGES";
  const built = [findModel(manifest, 'detector-confirm'), findModel(manifest, 'landmarks')].every((model) =>
    existsSync(modelPath(model)),
  );
  return built ? undefined : NOT_BUILT;
};

/** Squared distances of CMU's comparison demo (docs/demo-2-comparison.md there). */
const PUBLISHED: readonly [Photo, Photo, number][] = [
  ['lennon-1', 'lennon-2', 0.763],
  ['clapton-1', 'clapton-2', 0.318],
  ['lennon-1', 'clapton-1', 1.132],
  ['lennon-1', 'clapton-2', 1.145],
  ['lennon-2', 'clapton-1', 1.447],
  ['lennon-2', 'clapton-2', 1.521],
];
/** CMU aligned with dlib's landmarks, Kaimon does with its own: the crops differ a little, so do the embeddings. An estimate. */
const TOLERANCE = 0.15;

const why = lacking();
if (why) test("CMU's published distances", ({ skip }) => skip(why));
else describe("CMU's published distances, through Kaimon's own detection, landmarks and alignment", publishedDistances);

function publishedDistances(): void {
  const embeddings = new Map<Photo, Float32Array>();
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
    for (const part of ['manifest.json', 'openface-cmu'])
      await cp(join(projectRoot(), 'models', part), join(root, 'models', part), { recursive: true });
    const made = await fetchOpenFaceCmu({ from: weights ?? '', root });
    const meter = await meterWith(made, root);
    for (const photo of PHOTOS) {
      const { picture } = await decodePhoto(readFileSync(join(images ?? '', `${photo}.jpg`)));
      const [face] = (await meter.measure(picture)).faces;
      picture.release();
      if (face) embeddings.set(photo, decodeVector(face.embedding));
    }
  }, 60_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  const distance = (one: Photo, other: Photo): number => {
    const [a, b] = [embeddings.get(one), embeddings.get(other)];
    return a && b ? squaredDistance(a, b) : Number.NaN;
  };

  test.each(PUBLISHED)(`%s and %s are %d apart, ± ${TOLERANCE}`, (one, other, published) => {
    expect(Math.abs(distance(one, other) - published)).toBeLessThanOrEqual(TOLERANCE);
  });

  test('the two photos of each man are nearer than any of different men', () => {
    const of = (same: boolean) =>
      PUBLISHED.filter(([one, other]) => (one.split('-')[0] === other.split('-')[0]) === same).map(([one, other]) =>
        distance(one, other),
      );
    expect(Math.max(...of(true))).toBeLessThan(Math.min(...of(false)));
  });
}

/** The chain of the eye for photos, with an encoder that lies below `root`. */
async function meterWith(made: Awaited<ReturnType<typeof fetchOpenFaceCmu>>, root: string): Promise<FaceMeter> {
  await loadOpenCv();
  const load = (role: 'detector-confirm' | 'landmarks') => {
    const found = findModel(manifest, role);
    return Network.load(modelPath(found), found.input);
  };
  const { input, template, output } = made;
  const spec = { id: encoderId(made), file: modelPath(made, root), input, template, dimension: output.dimension };
  return new FaceMeter(
    {
      haar: new HaarProposer({ ...defaultConfig.faces.haar, ...PHOTO_HAAR }),
      confirmer: new UltraFace(await load('detector-confirm'), defaultConfig.faces.confirm),
      landmarks: new LandmarkNetwork(await load('landmarks')),
      encoder: await OnnxEncoder.load(spec),
    },
    16,
  );
}
