import { describe, expect, test } from 'vitest';
import {
  addFrame,
  type LivenessTracks,
  NO_LIVENESS_TRACKS,
  pictureOf,
  refusalOf,
  type TrackLiveness,
} from '../../src/liveness/liveness-tracks.js';
import { POSTER_AFTER_MS } from '../../src/liveness/shown-pictures.js';
import { at, boxAt, liveSample, printSample, scored } from './heads.js';

const ELSEWHERE = boxAt({ x: 700 });

/** Shows tracks frame by frame; what each comes to in the last one. */
function show(
  frames: readonly (readonly [ms: number, tracks: Readonly<Record<number, ReturnType<typeof liveSample>>>])[],
) {
  let all: LivenessTracks = NO_LIVENESS_TRACKS;
  let liveness: ReadonlyMap<number, TrackLiveness> = new Map();
  const spoofs: number[] = [];
  for (const [ms, tracks] of frames) {
    const samples = new Map(Object.entries(tracks).map(([id, sample]) => [Number(id), sample]));
    const update = addFrame(all, samples, at(ms));
    ({ tracks: all, byTrack: liveness } = update);
    spoofs.push(...update.spoofs);
  }
  return { tracks: all, liveness, spoofs };
}
const times = (from: number, to: number) => Array.from({ length: (to - from) / 125 + 1 }, (_, i) => from + i * 125);

describe('all tracks of a camera', () => {
  test('a living person passes while another holds up a print elsewhere', () => {
    const far = (ms: number) => ({ ...printSample(ms, -4), box: ELSEWHERE });
    const { liveness, spoofs } = show(times(0, 2000).map((ms) => [ms, { 1: liveSample(ms), 2: far(ms) }] as const));
    expect(liveness.get(1)).toEqual({ kind: 'live' });
    expect(liveness.get(2)).toEqual({ kind: 'spoof' });
    expect(spoofs).toEqual([2]);
  });

  test('a photo that is found again as a new track in the same place is refused there', () => {
    const { liveness } = show([
      [0, { 1: printSample(0, -4) }],
      ...times(125, 3000).map((ms) => [ms, { 2: liveSample(ms) }] as const),
    ]);
    expect(liveness.get(2)).toEqual({ kind: 'locked-place' });
    expect(refusalOf(liveness.get(2))?.reason).toBe('lockout');
  });

  test('a clear picture shuts its place for the track that was judged before it in the same frame', () => {
    const { liveness } = show([
      ...times(0, 2000).map((ms) => [ms, { 1: liveSample(ms) }] as const),
      [2125, { 1: liveSample(2125), 2: printSample(2125, -4) }],
    ]);
    expect(liveness.get(1)).toEqual({ kind: 'locked-place' });
  });

  test('a person is let in again once the place is open', () => {
    const { liveness } = show([
      [0, { 1: printSample(0, -4) }],
      ...times(125, 5500).map((ms) => [ms, { 2: liveSample(ms) }] as const),
    ]);
    expect(liveness.get(2)).toEqual({ kind: 'live' });
  });

  test('a picture that is waved beside a living person locks that person out at no time', () => {
    const beside = (ms: number) => ({ ...printSample(ms, -4), box: boxAt({ x: 390, size: 300 }) });
    const { liveness, spoofs, tracks } = show([
      ...times(0, 3000).map((ms) => [ms, { 1: liveSample(ms), 2: beside(ms) }] as const),
      [3125, { 1: liveSample(3125) }],
    ]);
    expect(liveness.get(1)).toEqual({ kind: 'live' });
    expect(spoofs).toEqual([2]);
    expect([pictureOf(tracks, 1), pictureOf(tracks, 2)]).toEqual([undefined, 'picture']);
  });

  test('a picture that hangs there is refused for ever, without a word', () => {
    const hanging = (ms: number) => ({ ...printSample(ms, -4), box: ELSEWHERE });
    const { liveness, spoofs, tracks } = show([
      ...times(0, POSTER_AFTER_MS).map((ms) => [ms, { 1: hanging(ms) }] as const),
      // The detector finds it again as another track, with a better look by chance.
      [POSTER_AFTER_MS + 3000, { 2: { ...hanging(POSTER_AFTER_MS + 3000), liveness: scored(1) } }],
    ]);
    expect([liveness.get(2), spoofs]).toEqual([{ kind: 'poster' }, [1]]);
    expect(refusalOf(liveness.get(2))).toMatchObject({ reason: 'spoof', settled: false });
    expect([pictureOf(tracks, 1), pictureOf(tracks, 2), pictureOf(tracks, 3)]).toEqual([
      'picture',
      'poster',
      undefined,
    ]);
  });

  test('since when a track has been alive: an unclear frame takes nothing back, a picture does', () => {
    const alive = show(times(0, 4000).map((ms) => [ms, { 1: liveSample(ms) }] as const));
    const since = alive.tracks.aliveSince.get(1) as number;
    expect(since).toBeGreaterThan(0);
    expect(since).toBeLessThan(2500);
    const shownUntil = (ms: number) =>
      show([
        ...times(0, 4000).map((at) => [at, { 1: liveSample(at) }] as const),
        ...times(4125, ms).map((at) => [at, { 1: printSample(at, -4) }] as const),
      ]);
    expect(shownUntil(4125).liveness.get(1)).toMatchObject({ kind: 'undecided' });
    expect(shownUntil(4125).tracks.aliveSince.get(1)).toBe(since);
    expect(shownUntil(8125).liveness.get(1)).toMatchObject({ kind: 'spoof' });
    expect(shownUntil(8125).tracks.aliveSince.has(1)).toBe(false);
  });

  test('a spoof is reported once while it lasts', () => {
    const { spoofs } = show(times(0, 4000).map((ms) => [ms, { 1: printSample(ms, -4) }] as const));
    expect(spoofs).toEqual([1]);
  });

  test('tracks that are gone are forgotten, and never more than 64 are remembered', () => {
    const crowd = Object.fromEntries(Array.from({ length: 200 }, (_, id) => [id, liveSample(0)]));
    expect(show([[0, crowd]]).tracks.states.size).toBe(64);
    expect(
      show([
        [0, crowd],
        [20_000, { 500: liveSample(20_000) }],
      ]).tracks.states.size,
    ).toBe(1);
  });

  test('only a living face is not refused; every refusal has a reason and a sentence', () => {
    expect(refusalOf({ kind: 'live' })).toBeUndefined();
    expect(refusalOf({ kind: 'spoof' })).toMatchObject({ reason: 'spoof', settled: true });
    expect(refusalOf(undefined)).toMatchObject({ reason: 'liveness-unknown', settled: true });
    for (const why of ['unsure', 'still', 'dark', 'noise', 'context', 'cut-off', 'fault', 'missing'] as const)
      expect(refusalOf({ kind: 'undecided', why, timedOut: false })).toMatchObject({
        reason: 'liveness-unknown',
        detail: expect.stringMatching(/.{20}/),
        settled: false,
      });
  });
});
