import { beforeAll, describe, expect, test } from 'vitest';
import { monotonicMs } from '../../../src/kit/clock.js';
import { loadOpenCv } from '../../../src/kit/opencv/binding.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { LEARNT } from '../../../src/liveness/scene/scene-model.js';
import { SceneWatch } from '../../../src/liveness/scene/scene-watch.js';

const [WIDTH, HEIGHT] = [320, 240];
const FACE = { x: 130, y: 80, width: 50, height: 60 };

const pictureOf = (grey: (x: number, y: number) => number): Picture =>
  Picture.fromBytes(
    Buffer.from(Array.from({ length: WIDTH * HEIGHT }, (_, i) => grey(i % WIDTH, Math.floor(i / WIDTH)))),
    WIDTH,
    HEIGHT,
    1,
  );

describe('a watch over the scene', () => {
  let [here, elsewhere]: Picture[] = [];
  beforeAll(async () => {
    await loadOpenCv();
    here = pictureOf((x, y) => 128 + 60 * Math.sin(x / 9) * Math.cos(y / 11));
    elsewhere = pictureOf((x, y) => 128 + 60 * Math.cos(x / 6 + y / 17));
  });
  const watched = (frames: number, everyMs: number, faces = (_i: number): boolean => false) => {
    const watch = new SceneWatch();
    for (let i = 0; i < frames; i++) watch.see(here as Picture, faces(i) ? [FACE] : [], monotonicMs(i * everyMs));
    return watch;
  };

  test('knows it once nobody was there for ten seconds, and then tells a picture that covers it', () => {
    const late = monotonicMs(60_000);
    expect(watched(LEARNT, 500).see(here as Picture, [FACE], late)?.match).toBeGreaterThan(0.95);
    expect(watched(LEARNT, 500).see(elsewhere as Picture, [FACE], late)?.match).toBeLessThan(0.6);
    expect(watched(LEARNT - 1, 500).see(here as Picture, [FACE], late)).toBeUndefined();
    expect(watched(LEARNT * 5, 40).see(here as Picture, [FACE], late)).toBeUndefined();
  });

  test('learns nothing while somebody is there or has just gone', () => {
    const often = watched(LEARNT * 4, 500, (i) => i % 6 === 0);
    expect(often.see(here as Picture, [FACE], monotonicMs(60_000))).toBeUndefined();
  });
});
