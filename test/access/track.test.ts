import { describe, expect, test } from 'vitest';
import { followFaces, moveTracks, NO_TRACKS, type Sighting, type Tracks } from '../../src/access/track.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { isUnit } from '../../src/person/distance.js';
import { bySpokenClaims, means, says, sightingOf, TRACKING } from './sample.js';

const at = (x: number, angle = 0, size = 100): Sighting => sightingOf({ claim: means('ada'), x, angle, size });
const follow = (tracks: Tracks, seen: readonly Sighting[], frame: number, ms: number): Tracks =>
  followFaces(tracks, seen, frame, monotonicMs(ms), TRACKING, bySpokenClaims);
const run = (...frames: readonly (readonly Sighting[])[]): Tracks =>
  frames.reduce<Tracks>((tracks, seen, i) => follow(tracks, seen, i, i * 100), NO_TRACKS);

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
    const gone = follow(run([at(0)]), [], 1, 1000);
    expect(gone.tracks).toHaveLength(1);
    const back = follow(gone, [at(0)], 2, 1001);
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
      expect(follow(before, [at(10)], frame, ms).tracks).toEqual(before.tracks);
  });

  test('only the claims of the last frames are kept, oldest first', () => {
    const claims = Array.from({ length: 9 }, (_, i) => says('nobody', String(i)));
    const frames = claims.map((claim) => [sightingOf({ claim })]);
    expect(run(...frames).tracks[0]?.claims).toMatchObject(claims.slice(-TRACKING.of));
  });

  test('each face is identified once, by the last frames of its track that can be compared, the newest last', () => {
    const asked: number[] = [];
    const angles = [0, 0.1, 0.2, 0.3, 0.25, 0.2];
    const seen = angles.map((angle, i) => sightingOf({ claim: i === 2 ? says('low-quality') : means('ada'), angle }));
    let tracks = NO_TRACKS;
    for (const [i, sighting] of seen.entries())
      tracks = followFaces(tracks, [sighting], i, monotonicMs(i * 100), TRACKING, (recent) => {
        asked.push(recent.length);
        expect(recent.at(-1)?.embedding).toBe(sighting.embedding);
        return bySpokenClaims(recent);
      });
    // Of the last five frames one says nothing.
    expect(asked).toEqual([1, 2, 3, 4, 4]);
  });

  test('a blurred face may lie farther from its track than one that can be judged', () => {
    const loose = { ...TRACKING, faultyJumpDistance: 1.2 };
    for (const [claim, tracks] of [
      [says('low-quality'), 1],
      [means('ada'), 2],
    ] as const) {
      const frames = [sightingOf({ claim: means('ada') }), sightingOf({ claim, angle: 1 })];
      const seen = frames.reduce<Tracks>(
        (all, one, i) => followFaces(all, [one], i, monotonicMs(i * 100), loose, bySpokenClaims),
        NO_TRACKS,
      );
      expect(seen.nextId - 1).toBe(tracks);
    }
  });

  test('no more than 32 people are followed at a time', () => {
    const crowd = Array.from({ length: 100 }, (_, i) => at(i * 200));
    expect(run(crowd, crowd).tracks).toHaveLength(32);
  });

  test('an embedding of another encoder starts a new track', () => {
    const other = { ...at(0), embedding: Float32Array.from([1, 0]), fault: says('model-fault') };
    expect(run([at(0)], [other]).tracks).toHaveLength(2);
  });
});

describe('faces that were followed and not measured', () => {
  const box = (x: number) => ({ x, y: 0, width: 100, height: 100 });
  const move = (tracks: Tracks, xs: readonly number[], frame: number, ms: number) =>
    moveTracks(tracks, xs.map(box), frame, monotonicMs(ms), TRACKING);

  test('move their tracks and keep them, and add nothing to what is known of them', () => {
    const before = run([at(0), at(300, 2)], [at(0), at(300, 2)]);
    const after = move(before, [310, 20], 2, 1100);
    expect(after.tracks.map(({ id, box: { x }, lastMs, lastFrame }) => [id, x, lastMs, lastFrame])).toEqual([
      [1, 20, 1100, 2],
      [2, 310, 1100, 2],
    ]);
    after.tracks.forEach((track, i) => {
      const { claims, recent, centre, seen } = before.tracks[i] as Tracks['tracks'][number];
      expect(track).toMatchObject({ claims, recent, centre, seen });
    });
  });

  test('another person who is measured in the place of a followed one ends that track and begins another', () => {
    const followed = move(move(run([at(0)], [at(0)]), [10], 2, 300), [20], 3, 400);
    expect(follow(followed, [at(20, 2)], 4, 500).tracks.map(({ id, claims }) => [id, claims.length])).toEqual([[2, 1]]);
  });

  test('begin no track, move none twice, and keep none that is not newer or was not seen for long', () => {
    const before = run([at(0)]);
    expect(move(before, [500], 1, 100).tracks).toEqual(before.tracks);
    expect(move(before, [5], 0, 100).tracks).toEqual(before.tracks);
    expect(move(before, [5], 1, 0).tracks).toEqual(before.tracks);
    expect(move(before, [5], 1, 1001).tracks).toEqual([]);
    const both = move(run([at(0), at(60, 2)]), [30], 1, 100).tracks;
    expect(both.map(({ lastFrame }) => lastFrame).toSorted()).toEqual([0, 1]);
  });
});
