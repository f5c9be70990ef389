import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addLook,
  LIVENESS_RULE,
  type Look,
  type Signs,
  type Verdict,
  verdictOf,
  worth,
} from '../../src/liveness/verdict.js';
import { at, liveLook, printLook, scored, solidHead } from './heads.js';

const STEP_MS = 125;
const run = (looks: readonly Look[], rule = LIVENESS_RULE): Signs | undefined =>
  looks.reduce<Signs | undefined>((signs, look) => addLook(signs, look, rule), undefined);
const frames = (seconds: number, look: (ms: number) => Look): Look[] =>
  Array.from({ length: (seconds * 1000) / STEP_MS + 1 }, (_, i) => look(i * STEP_MS));
const verdictAfter = (looks: readonly Look[]): Verdict => verdictOf(run(looks));
const still = (ms: number) => liveLook(ms, { landmarks: solidHead() });
const anytimeLive = (looks: readonly Look[]) =>
  looks.some((_, i) => verdictOf(run(looks.slice(0, i + 1))).kind === 'live');

describe('a verdict on a face', () => {
  test.each<[string, readonly Look[], Verdict]>([
    ['somebody alive who turns the head is alive within two seconds', frames(2, liveLook), { kind: 'live' }],
    ['one frame is never enough', frames(0, liveLook), { kind: 'undecided', why: 'appearance', timedOut: false }],
    ['a second is not enough', frames(1, liveLook), { kind: 'undecided', why: 'appearance', timedOut: false }],
    [
      'who does not move is not yet known to be solid',
      frames(3, still),
      { kind: 'undecided', why: 'motion', timedOut: false },
    ],
    [
      '…and after eight seconds the time is over',
      frames(8, still),
      { kind: 'undecided', why: 'motion', timedOut: true },
    ],
    [
      'a print that the network takes for alive is given away by its movement',
      frames(8, (ms) => printLook(ms, 1)),
      { kind: 'undecided', why: 'motion', timedOut: true },
    ],
    ['a print that the network knows is a spoof at once', frames(0, (ms) => printLook(ms, 0.01)), { kind: 'spoof' }],
    [
      'a screen that shows a moving face is given away by its looks, though they are not clearly a picture',
      frames(8, (ms) => liveLook(ms, { liveness: scored(0.9) })),
      { kind: 'undecided', why: 'appearance', timedOut: true },
    ],
    ...(['dark', 'noise', 'context', 'fault'] as const).map((why): [string, readonly Look[], Verdict] => [
      `a face that cannot be scored (${why}) is no pass, and the verdict says why`,
      frames(3, (ms) => liveLook(ms, { liveness: { kind: 'unknown', why } })),
      { kind: 'undecided', why, timedOut: false },
    ]),
    [
      'a face whose liveness was not measured is no pass',
      frames(3, (ms) => liveLook(ms, { liveness: undefined })),
      { kind: 'undecided', why: 'missing', timedOut: false },
    ],
    [
      'what was alive is not alive in the very frame that cannot be scored',
      [...frames(3, liveLook), liveLook(3100, { liveness: { kind: 'unknown', why: 'dark' } })],
      { kind: 'undecided', why: 'dark', timedOut: false },
    ],
    [
      'one clear picture after seconds of life is a spoof',
      [...frames(3, liveLook), liveLook(3100, { liveness: scored(0.05) })],
      { kind: 'spoof' },
    ],
    [
      'after a gap everything starts over',
      [...frames(3, liveLook), liveLook(5000)],
      { kind: 'undecided', why: 'appearance', timedOut: false },
    ],
    [
      'a gap does not wash a spoof clean',
      [printLook(0, 0.01), ...frames(2, (ms) => liveLook(2000 + ms))],
      { kind: 'spoof' },
    ],
    [
      'after the lock a live person may pass',
      [printLook(0, 0.01), ...frames(8, (ms) => liveLook(100 + ms))],
      { kind: 'live' },
    ],
  ])('%s', (_title, looks, expected) => expect(verdictAfter(looks)).toEqual(expected));

  test('without the motion cue, as the demo runs, a face is alive by its looks', () => {
    const rule = { ...LIVENESS_RULE, motion: false };
    expect(verdictOf(run(frames(2, still), rule), rule)).toEqual({ kind: 'live' });
  });

  test('a score is worth the more the surer it is, and one that is no number speaks against', () => {
    expect([0, 0.1, 0.5, 0.9, 0.98].every((score) => worth(score) < 0)).toBe(true);
    expect([worth(0.9995), worth(1)]).toEqual([1, 1]);
    expect([worth(Number.NaN), worth(2), worth(-1)]).toEqual([-1.5, -1.5, -1.5]);
  });
});

const score = fc.double({ min: 0, max: 1, noNaN: true });
const stepMs = fc.integer({ min: 20, max: 400 });

describe('whatever is shown', () => {
  test('better scores never turn a live verdict into another', () => {
    const rank = { spoof: 0, undecided: 1, live: 2 };
    const good = fc.oneof(score, fc.double({ min: 0.99, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(stepMs, good, good), { minLength: 5, maxLength: 25 }), (steps) => {
        let [ms, worse, better] = [0, undefined as Signs | undefined, undefined as Signs | undefined];
        for (const [step, a, b] of steps) {
          ms += step;
          worse = addLook(worse, liveLook(ms, { liveness: scored(Math.min(a, b)) }));
          better = addLook(better, liveLook(ms, { liveness: scored(Math.max(a, b)) }));
          expect(rank[verdictOf(better).kind]).toBeGreaterThanOrEqual(rank[verdictOf(worse).kind]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a look that is not newer than the last changes nothing: duplicates, time going backwards, no time', () => {
    const signs = run(frames(1, liveLook));
    for (const ms of [1000, 999, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(addLook(signs, liveLook(ms))).toBe(signs);
    expect(addLook(undefined, liveLook(Number.NaN))).toBeUndefined();
  });

  test('the same looks, shuffled and doubled, are never alive sooner than in order', () => {
    const looks = frames(1, liveLook);
    fc.assert(
      fc.property(fc.shuffledSubarray([...looks, ...looks], { minLength: 2 }), (mixed) => {
        expect(anytimeLive(mixed)).toBe(false);
      }),
    );
  });

  test('no look without a score of its own adds to what looks alive', () => {
    const known = run(frames(2, liveLook));
    const before = known?.alive ?? 0;
    fc.assert(
      fc.property(fc.array(stepMs, { maxLength: 15 }), (steps) => {
        let [ms, signs] = [2000, known];
        for (const step of steps) {
          ms += step;
          signs = addLook(signs, liveLook(ms, { liveness: { kind: 'unknown', why: 'noise' } }));
          expect(signs?.alive).toBeLessThanOrEqual(before);
          expect(verdictOf(signs).kind).not.toBe('live');
        }
      }),
      { numRuns: 30 },
    );
  });

  test('10,000 hostile looks never grant and never throw', () => {
    const hostile = fc.record({
      step: fc.constantFrom(0, -500, 40, 125, 5000, Number.NaN),
      live: fc.constantFrom(Number.NaN, -1, 2, 0.99, 0.5, 0, Number.POSITIVE_INFINITY),
      points: fc.constantFrom<Look['landmarks']>(
        [],
        solidHead().map((): [number, number] => [0, 0]),
        solidHead({ size: 1e9 }),
      ),
      side: fc.constantFrom(0, -5, 1e9, Number.NaN, 150),
    });
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 100, maxLength: 100 }), (looks) => {
        let [ms, signs] = [0, undefined as Signs | undefined];
        for (const { step, live, points, side } of looks) {
          ms += Number.isNaN(step) ? 0 : step;
          const box = { x: 0, y: 0, width: side, height: side };
          const atMs = at(Number.isNaN(step) ? step : ms);
          signs = addLook(signs, { atMs, box, landmarks: points, liveness: scored(live) });
          expect(verdictOf(signs).kind).not.toBe('live');
        }
      }),
      { numRuns: 100 },
    );
  });
});
