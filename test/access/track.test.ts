import { describe, expect, test } from 'vitest';
import { followFaces, NO_TRACKS, type Sighting, type Tracks } from '../../src/access/track.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { isUnit } from '../../src/person/distance.js';
import { direction } from '../person/sample.js';
import { means, says, TRACKING } from './sample.js';

const at = (x: number, angle = 0, size = 100): Sighting => ({
  box: { x, y: 0, width: size, height: size },
  embedding: direction(angle),
  claim: means('ada'),
});
const run = (...frames: readonly (readonly Sighting[])[]): Tracks =>
  frames.reduce<Tracks>((tracks, seen, i) => followFaces(tracks, seen, i, monotonicMs(i * 100), TRACKING), NO_TRACKS);

describe('following faces', () => {
  test('a face that moves stays one track', () => {
    const { tracks } = run([at(0)], [at(30)], [at(60)]);
    expect(tracks).toMatchObject([{ id: 1, seen: 3, lastFrame: 2, lastMs: 200, firstMs: 0 }]);
  });

  test.each([
    ['a face elsewhere', [at(0)], [at(300)]],
    ['a face of a wholly different size', [at(0)], [at(0, 0, 400)]],
  ])('%s starts a new track', (_what, first, second) => {
    expect(run(first, second).tracks.map(({ id, seen }) => [id, seen])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  test('another person in the same place starts a new track and ends the track of the first', () => {
    expect(run([at(0)], [at(0, 2)]).tracks.map(({ id, seen }) => [id, seen])).toEqual([[2, 1]]);
  });

  test('two people side by side keep their tracks when they move', () => {
    const { tracks } = run([at(0), at(120, 2)], [at(140, 2), at(20)], [at(40), at(160, 2)]);
    expect(tracks.map(({ id, seen, box }) => [id, seen, box.x]).sort()).toEqual([
      [1, 3, 40],
      [2, 3, 160],
    ]);
  });

  test('two people who cross keep their tracks', () => {
    const { tracks } = run([at(0), at(50, 2)], [at(25), at(25, 2)], [at(50), at(0, 2)]);
    expect(tracks.map(({ id, seen, box }) => [id, seen, box.x]).sort()).toEqual([
      [1, 3, 50],
      [2, 3, 0],
    ]);
  });

  test('a face that changes slowly stays one track, one that changes suddenly does not', () => {
    const angles = Array.from({ length: 20 }, (_, i) => i * 0.05);
    expect(run(...angles.map((angle) => [at(0, angle)])).tracks).toHaveLength(1);
    const sudden = run(...[0, 0, 0, 0].map((angle) => [at(0, angle)]), [at(0, 1)]);
    expect(sudden.tracks.map(({ seen }) => seen)).toEqual([1]);
  });

  test('the mean embedding of a track keeps unit length', () => {
    const [track] = run([at(0, 0)], [at(0, 0.3)], [at(0, 0.5)]).tracks;
    expect(track && isUnit(track.centre)).toBe(true);
  });

  test('a track not seen for a second is over, and its number is never used again', () => {
    const gone = followFaces(run([at(0)]), [], 1, monotonicMs(1000), TRACKING);
    expect(gone.tracks).toHaveLength(1);
    const back = followFaces(gone, [at(0)], 2, monotonicMs(1001), TRACKING);
    expect(back.tracks.map(({ id }) => id)).toEqual([2]);
  });

  test('a frame that is not newer adds nothing to a track', () => {
    const before = run([at(0)], [at(0)]);
    for (const [frame, ms] of [
      [1, 150],
      [0, 150],
      [2, 100],
      [2, 50],
    ] as const)
      expect(followFaces(before, [at(10)], frame, monotonicMs(ms), TRACKING).tracks).toEqual(before.tracks);
  });

  test('only the claims of the last frames are kept, oldest first', () => {
    const claims = Array.from({ length: 9 }, (_, i) => says('nobody', String(i)));
    const frames = claims.map((claim) => [{ ...at(0), claim }]);
    expect(run(...frames).tracks[0]?.claims).toMatchObject(claims.slice(-TRACKING.of));
  });

  test('no more than 32 people are followed at a time', () => {
    const crowd = Array.from({ length: 100 }, (_, i) => at(i * 200));
    expect(run(crowd, crowd).tracks).toHaveLength(32);
  });

  test('an embedding of another encoder starts a new track', () => {
    const other = { ...at(0), embedding: Float32Array.from([1, 0]) };
    expect(run([at(0)], [other]).tracks).toHaveLength(2);
  });
});
