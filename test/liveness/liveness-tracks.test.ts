import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addFrame,
  type LivenessTracks,
  NO_LIVENESS_TRACKS,
  refusalOf,
  type TrackLiveness,
} from '../../src/liveness/liveness-tracks.js';
import { isLocked, type LockedPlace, lockPlace, PLACE_LOCK_RULE } from '../../src/liveness/locked-places.js';
import { at, boxAt, liveSample, printSample } from './heads.js';

const HERE = boxAt();
const ELSEWHERE = boxAt({ x: 700 });
const TICK_MS = 100;

describe('the place where a picture was shown', () => {
  test('is shut for five seconds, and no other place is', () => {
    const places = lockPlace([], HERE, at(1000));
    expect(isLocked(places, HERE, at(1000))).toBe(true);
    expect(isLocked(places, boxAt({ x: 330 }), at(5999))).toBe(true);
    expect(isLocked(places, ELSEWHERE, at(1500))).toBe(false);
    expect(isLocked(places, HERE, at(6000))).toBe(false);
  });

  test('stays shut when the time is NaN or goes backwards', () => {
    const places = lockPlace([], HERE, at(1000));
    expect([Number.NaN, -5, 0].map((ms) => isLocked(places, HERE, at(ms)))).toEqual([true, true, true]);
    expect(lockPlace(places, HERE, at(Number.NaN))).toBe(places);
    expect(lockPlace(places, HERE, at(0))[0]?.untilMs).toBe(6000);
  });

  test('is never shut for more than 15 of any 20 seconds, however often a photo is shown', () => {
    const { rowMaxMs, restMs } = PLACE_LOCK_RULE;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 10, maxLength: 60 }), (steps) => {
        let places: readonly LockedPlace[] = [];
        const shut: boolean[] = [];
        for (const step of steps) {
          for (let tick = 0; tick < step; tick++) shut.push(isLocked(places, HERE, at(shut.length * TICK_MS)));
          places = lockPlace(places, HERE, at(shut.length * TICK_MS));
        }
        const window = (rowMaxMs + restMs) / TICK_MS;
        for (let from = 0; from + window <= shut.length; from++)
          if (shut.slice(from, from + window).filter(Boolean).length * TICK_MS > rowMaxMs) return false;
        return true;
      }),
      { numRuns: 30 },
    );
  });

  test('is one of at most eight that are remembered', () => {
    let places: readonly LockedPlace[] = [];
    for (let i = 0; i < 50; i++) places = lockPlace(places, boxAt({ x: i * 500 }), at(i));
    expect(places).toHaveLength(8);
  });
});

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
