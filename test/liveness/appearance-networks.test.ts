import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { alteration } from '../../src/evaluation/frames/alteration.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { Picture } from '../../src/kit/opencv/picture.js';
import { seeded } from '../../src/kit/seeded-random.js';
import { AppearanceNetworks } from '../../src/liveness/appearance-networks.js';
import { appearanceModels } from '../../src/models/appearance-models.js';
import { manifest, NOT_BUILT } from '../models/networks.js';

const models = appearanceModels(manifest);
const built = models.every(({ file }) => existsSync(file));
if (!built) test('appearance networks', ({ skip }) => skip(NOT_BUILT));

/** Light and shade like those of a face, without noise; what the network thinks of it does not matter here. */
function waves(width: number, height: number): Picture {
  const bytes = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) bytes[at++] = 130 + 50 * Math.sin(x / 40 + c) + 40 * Math.cos(y / 30);
  return Picture.fromBytes(bytes, width, height, 3);
}

describe.runIf(built)('appearance networks', () => {
  let networks: AppearanceNetworks;
  let photo: Picture;
  const box = () => ({ x: photo.width / 2 - 75, y: photo.height / 2 - 75, width: 150, height: 150 });
  const spoiled = (noise: number, dim: number) => {
    const random = seeded(3);
    const bytes = alteration({ noise, dim }, random)(photo.bytes(), random);
    return Picture.fromBytes(bytes, photo.width, photo.height, 3);
  };
  beforeAll(async () => {
    await loadOpenCv();
    networks = await AppearanceNetworks.load(models);
    photo = waves(640, 480);
  });

  test('give a face with light and room a ratio, the same each time', async () => {
    const first = await networks.score(photo, box());
    expect(first).toEqual({ kind: 'scored', llr: expect.any(Number) });
    expect(await networks.score(photo, box())).toEqual(first);
  });

  test('say what makes a face hard to judge, and give none to one that is not wholly in the frame', async () => {
    expect(await networks.score(spoiled(20, 1), box())).toMatchObject({ kind: 'scored', doubt: 'noise' });
    expect(await networks.score(spoiled(0, 0.02), box())).toMatchObject({ kind: 'scored', doubt: 'dark' });
    const near = { x: 100, y: 20, width: 440, height: 440 };
    expect(await networks.score(photo, near)).toMatchObject({ kind: 'scored', doubt: 'context' });
    const cutOff = { kind: 'unknown', why: 'cut-off' };
    expect(await networks.score(photo, { x: -20, y: 0, width: 150, height: 150 })).toEqual(cutOff);
    expect(await networks.score(photo, { x: -500, y: 0, width: 50, height: 50 })).toEqual(cutOff);
  });

  test('look at a face in the order of their scales', async () => {
    const turned = models.map((model) => ({ ...model, looks: model.looks.toReversed() }));
    const first = await networks.score(photo, box());
    expect(await (await AppearanceNetworks.load(turned)).score(photo, box())).not.toEqual(first);
  });

  test('give no score when their output is not what the manifest says', async () => {
    const answer = { kind: 'softmax', classes: 4, live: 0 } as const;
    const wrong = await AppearanceNetworks.load(models.map((model) => ({ ...model, answer })));
    expect(await wrong.score(photo, box())).toEqual({ kind: 'unknown', why: 'fault' });
  });

  test('give no score when there are none of them, and none to a grey picture', async () => {
    const none = await AppearanceNetworks.load([]);
    expect((await none.score(photo, box())).kind).toBe('unknown');
    expect(await networks.score(photo.grey(), box())).toEqual({ kind: 'unknown', why: 'cut-off' });
  });
});
