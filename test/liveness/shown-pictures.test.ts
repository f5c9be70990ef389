import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Box } from '../../src/face/observation.js';
import {
  followPictures,
  isLocked,
  isPoster,
  type PictureRule,
  PLACE_LOCK_MAX_MS,
  POSTER_AFTER_MS,
  type SeenFace,
  type ShownPicture,
} from '../../src/liveness/shown-pictures.js';
import { at, boxAt } from './heads.js';

/** A face is one number here; those less than 0.5 apart are alike. */
const RULE: PictureRule = {
  lockoutMs: PLACE_LOCK_MAX_MS,
  looksAlike: ([a = 0], [b = 0]) => Math.abs(a - b) < 0.5,
};
const [ADA, BOB] = [1, 2];
const HERE = boxAt();

const face = (track: number, who: number | undefined, box: Box = HERE, isClear = false): SeenFace => ({
  track,
  box,
  face: who === undefined ? undefined : Float32Array.of(who),
  isClear,
});
const picture = (track: number, who?: number, box?: Box): SeenFace => face(track, who, box, true);

/** Shows frames one after the other. */
function show(frames: readonly (readonly [ms: number, ...faces: SeenFace[]])[], before: readonly ShownPicture[] = []) {
  let pictures = before;
  const attempts: number[] = [];
  for (const [ms, ...faces] of frames) {
    const next = followPictures(pictures, faces, at(ms), RULE);
    pictures = next.pictures;
    attempts.push(...next.attempts);
  }
  const locked = (who: SeenFace, ms: number) => isLocked(pictures, who, at(ms), RULE);
  return { pictures, attempts, locked };
}
const every = (stepMs: number, toMs: number, shown: (ms: number) => SeenFace) =>
  Array.from({ length: Math.floor(toMs / stepMs) + 1 }, (_, i) => [i * stepMs, shown(i * stepMs)] as const);

describe('the place where a picture was shown', () => {
  const { locked } = show([[1000, picture(1, ADA)]]);

  test.each([
    ['at once, for whoever comes to it, for a screen may show anybody', face(2, BOB), 1000, true],
    ['just before five seconds are over', face(2, ADA, boxAt({ x: 330 })), 5999, true],
    ['after five seconds', face(2, ADA), 6000, false],
    ['after five seconds, for the track itself', face(1, ADA), 6000, false],
    ['elsewhere, even for the person on it', face(2, ADA, boxAt({ x: 700 })), 1500, false],
    ['when the time is NaN', face(2, ADA), Number.NaN, true],
    ['a moment before', face(2, ADA), 0, true],
    ['long before, as after a wrong time', face(2, ADA), -9000, false],
  ])('is locked or not: %s', (_when, who, ms, expected) => expect(locked(who, ms)).toBe(expected));

  test('stays locked for as long as the picture is clearly one, and five seconds on', () => {
    const shown = show(every(1000, 60_000, (ms) => picture(1, ADA, boxAt({ x: 300 + (ms % 3000) / 20 }))));
    expect([shown.locked(face(2, BOB), 64_999), shown.locked(face(2, BOB), 65_000)]).toEqual([true, false]);
    expect(shown.attempts).toEqual([1]);
  });

  test('is not locked for those who were seen beside the picture, now or later', () => {
    const near = boxAt({ x: 420, size: 300 });
    const shown = show([
      [0, face(1, BOB)],
      [100, face(1, BOB), picture(2, ADA, near)],
      [200, picture(2, ADA, near)],
    ]);
    expect([shown.locked(face(1, BOB), 200), shown.locked(face(3, BOB), 200)]).toEqual([false, true]);
  });

  test('is locked for a face that may be the same one found twice', () => {
    const shown = show([[0, picture(1, ADA), face(2, ADA, boxAt({ x: 320, size: 170 }))]]);
    expect(shown.locked(face(2, ADA, boxAt({ x: 320, size: 170 })), 100)).toBe(true);
  });

  test('a frame from a moment before does not cut a lock short; a time far in the future does not hide the next picture', () => {
    const back = show([
      [1000, picture(1, ADA)],
      [0, picture(1, ADA)],
    ]);
    expect([back.locked(face(2, ADA), 5999), back.locked(face(2, ADA), 6000)]).toEqual([true, false]);
    const future = show([
      [1e12, picture(1, ADA)],
      [1000, picture(1, ADA)],
    ]);
    expect([future.locked(face(2, ADA), 1500), future.locked(face(2, ADA), 6000)]).toEqual([true, false]);
    const ahead = show([
      [9000, picture(1, ADA)],
      [1000, picture(1, ADA)],
    ]);
    expect([ahead.locked(face(2, ADA), 1500), ahead.locked(face(2, ADA), 6000)]).toEqual([true, false]);
  });
});

describe('attempts', () => {
  test.each<[string, Parameters<typeof show>[0], number[]]>([
    ['one picture is one, however long', every(200, 30_000, () => picture(1, ADA)), [1]],
    [
      'found again as another track a moment later it still is one',
      [
        [0, picture(1, ADA)],
        [3000, picture(2, ADA)],
      ],
      [1],
    ],
    [
      'shown again later it is another',
      [
        [0, picture(1, ADA)],
        [12_000, picture(2, ADA)],
      ],
      [1, 2],
    ],
    [
      'another face at the same place is another',
      [
        [0, picture(1, ADA)],
        [3000, picture(2, BOB)],
      ],
      [1, 2],
    ],
    [
      'the same face at another place is another',
      [
        [0, picture(1, ADA)],
        [500, picture(2, ADA, boxAt({ x: 900 }))],
      ],
      [1, 2],
    ],
    ['two at once are two', [[0, picture(1, ADA), picture(2, BOB, boxAt({ x: 900 }))]], [1, 2]],
    [
      'what is seldom clear is one, while it is followed',
      every(500, 60_000, (ms) => face(1, ADA, HERE, ms % 15_000 === 0)),
      [1],
    ],
    ['at NaN nothing counts', [[Number.NaN, picture(1, ADA)]], []],
  ])('%s', (_what, frames, expected) => expect(show(frames).attempts).toEqual(expected));
});

describe('a poster', () => {
  const hung = every(500, POSTER_AFTER_MS, () => picture(1, ADA));
  const { pictures, locked } = show(hung);
  const later = POSTER_AFTER_MS + 1000;

  test('is a picture that has not moved for long', () => {
    expect(pictures.map(isPoster)).toEqual([true]);
    expect(show(hung.slice(0, -1)).pictures.map(isPoster)).toEqual([false]);
    const waved = every(500, 40_000, (ms) => picture(1, ADA, boxAt({ x: 300 + ms / 100 })));
    expect(show(waved).pictures.map(isPoster)).toEqual([false]);
  });

  test.each([
    ['its own face at its own place, as another track', face(2, ADA), true],
    ['a face there that cannot be told', face(2, undefined), true],
    ['another person who stands exactly before it', face(2, BOB), false],
    ['the person on it, a step nearer', face(2, ADA, boxAt({ size: 230 })), false],
    ['somebody who walks past', face(2, BOB, boxAt({ x: 360 })), false],
  ])('locks only itself: %s', (_who, who, expected) => expect(locked(who, later)).toBe(expected));

  test('the person on it is not locked out once it was no longer clearly a picture for five seconds', () =>
    expect(locked(face(2, ADA), POSTER_AFTER_MS + PLACE_LOCK_MAX_MS)).toBe(false));

  test('counts once, however often it is lost and found, and however badly it is seen', () => {
    const jump = boxAt({ x: 380 });
    const gap = fc.integer({ min: 100, max: 3_000_000 });
    const pass = fc.record({
      gap,
      who: fc.constantFrom(ADA, undefined),
      isNew: fc.boolean(),
      jumps: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(pass, { maxLength: 30 }), (passes) => {
        let [ms, track] = [later, 1];
        const frames: [number, ...SeenFace[]][] = [];
        for (const one of passes) {
          ms += one.gap;
          if (one.isNew) track++;
          frames.push([ms, picture(track, one.who)]);
          // The box jumps for a moment, as when somebody covers a half of it.
          if (one.jumps) frames.push([ms + 1000, picture(track, one.who, jump)], [ms + 1500, picture(track, one.who)]);
          ms += 1500;
        }
        expect(show(frames, pictures).attempts).toEqual([]);
      }),
    );
  });

  test('does not hide a picture of somebody else that is held before it: an attempt, and its place is locked', () => {
    const held = [later, later + 100, later + 200].map((ms) => [ms, picture(7, BOB)] as const);
    const { attempts, locked } = show(held, pictures);
    expect(attempts).toEqual([7]);
    expect(locked(face(8, ADA), later + 300)).toBe(true);
    expect(locked(face(8, BOB), later + 4000)).toBe(true);
    expect(locked(face(8, BOB), later + 200 + PLACE_LOCK_MAX_MS)).toBe(false);
  });

  test('that is taken off the wall and waved is an attempt', () => {
    const moved = boxAt({ x: 500 });
    const off = [1, 2, 3, 4].map((second) => [later + second * 1000, picture(1, ADA, moved)] as const);
    expect(show(off, pictures).attempts).toEqual([1]);
  });
});

/** Anything that somebody may hold to the camera, at any time. */
const attack = fc.record({
  stepMs: fc.oneof(fc.integer({ min: 20, max: 4000 }), fc.constantFrom(-3000, Number.NaN, 100_000, 0)),
  track: fc.integer({ min: 1, max: 30 }),
  who: fc.constantFrom(ADA, BOB, undefined),
  x: fc.constantFrom(300, 300, 320, 420, 600),
  size: fc.constantFrom(150, 150, 60, 400),
  isClear: fc.boolean(),
});
/** @returns the pictures after a row of attacks, and the time of the last one */
function attacked(attacks: readonly (typeof attack extends fc.Arbitrary<infer T> ? T : never)[]) {
  let [pictures, ms]: [readonly ShownPicture[], number] = [[], 10_000];
  for (const { stepMs, track, who, x, size, isClear } of attacks) {
    if (Number.isFinite(stepMs)) ms += stepMs;
    const atMs = at(Number.isFinite(stepMs) ? ms : Number.NaN);
    pictures = followPictures(pictures, [face(track, who, boxAt({ x, size }), isClear)], atMs, RULE).pictures;
    expect(pictures.length).toBeLessThanOrEqual(16);
    for (const { beside } of pictures) expect(beside.size).toBeLessThanOrEqual(64);
  }
  return { pictures, lastMs: ms };
}

describe('whatever is shown in whatever order', () => {
  const attacks = fc.array(attack, { maxLength: 60 });

  test('nobody at another place is locked out', () => {
    fc.assert(
      fc.property(attacks, fc.integer({ min: -10_000, max: 10_000 }), (shown, ms) => {
        const { pictures, lastMs } = attacked(shown);
        const elsewhere = boxAt({ x: 1200 });
        expect(isLocked(pictures, face(99, ADA, elsewhere), at(lastMs + ms), RULE)).toBe(false);
      }),
    );
  });

  test('the next person at the same place gets in after five seconds, whoever it is', () => {
    fc.assert(
      fc.property(attacks, fc.constantFrom(ADA, BOB, undefined), (shown, who) => {
        const { pictures, lastMs } = attacked(shown);
        // Time may have run backwards by three seconds at a time; five seconds after the latest time that was seen.
        const latest = Math.max(lastMs, ...pictures.map(({ clearMs }) => clearMs));
        for (const x of [300, 320, 420])
          expect(isLocked(pictures, face(99, who, boxAt({ x })), at(latest + PLACE_LOCK_MAX_MS), RULE)).toBe(false);
      }),
    );
  });
});
