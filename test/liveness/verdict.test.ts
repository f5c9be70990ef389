import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FaceSample } from '../../src/liveness/face-sample.js';
import { LIVENESS_RULE } from '../../src/liveness/liveness-rule.js';
import { addSample, type LivenessState, type Verdict, verdictOf } from '../../src/liveness/verdict.js';
import { at, liveSample, printSample, scored, solidHead } from './heads.js';

const STEP_MS = 125;
const run = (samples: readonly FaceSample[], rule = LIVENESS_RULE): LivenessState | undefined =>
  samples.reduce<LivenessState | undefined>((state, sample) => addSample(state, sample, rule), undefined);
const frames = (seconds: number, sample: (ms: number) => FaceSample): FaceSample[] =>
  Array.from({ length: (seconds * 1000) / STEP_MS + 1 }, (_, i) => sample(i * STEP_MS));
const verdictAfter = (samples: readonly FaceSample[]): Verdict => verdictOf(run(samples));
const still = (ms: number) => liveSample(ms, { landmarks: solidHead() });
/** The sum of the appearance cue. */
const sumOf = (track: LivenessState | undefined) => track?.cues.get('appearance')?.sumS;
const anytimeLive = (samples: readonly FaceSample[]) =>
  samples.some((_, i) => verdictOf(run(samples.slice(0, i + 1))).kind === 'live');

describe('a verdict on a face', () => {
  test.each<[string, readonly FaceSample[], Verdict]>([
    ['a living person who turns the head is alive within two seconds', frames(2, liveSample), { kind: 'live' }],
    ['one frame is never enough', frames(0, liveSample), { kind: 'undecided', why: 'appearance', timedOut: false }],
    ['a second is not enough', frames(1, liveSample), { kind: 'undecided', why: 'appearance', timedOut: false }],
    [
      'a person who does not move is not yet known to be solid',
      frames(3, still),
      { kind: 'undecided', why: 'motion', timedOut: false },
    ],
    [
      'a person who does not move for eight seconds has run out of time',
      frames(8, still),
      { kind: 'undecided', why: 'motion', timedOut: true },
    ],
    [
      'a print that the network takes for alive is given away by its movement',
      frames(8, (ms) => printSample(ms, 1)),
      { kind: 'undecided', why: 'motion', timedOut: true },
    ],
    ['a print that the network knows is a spoof at once', frames(0, (ms) => printSample(ms, 0.01)), { kind: 'spoof' }],
    [
      'a screen that shows a moving face does not look alive enough, though it is not clearly a picture',
      frames(8, (ms) => liveSample(ms, { liveness: scored(0.9) })),
      { kind: 'undecided', why: 'appearance', timedOut: true },
    ],
    ...(['dark', 'noise', 'context', 'fault'] as const).map((why): [string, readonly FaceSample[], Verdict] => [
      `a face that cannot be scored (${why}) does not pass, and the verdict says why`,
      frames(3, (ms) => liveSample(ms, { liveness: { kind: 'unknown', why } })),
      { kind: 'undecided', why, timedOut: false },
    ]),
    [
      'a face whose liveness was not measured does not pass',
      frames(3, (ms) => liveSample(ms, { liveness: undefined })),
      { kind: 'undecided', why: 'missing', timedOut: false },
    ],
    [
      'a face that was alive is not alive in a frame that cannot be scored',
      [...frames(3, liveSample), liveSample(3100, { liveness: { kind: 'unknown', why: 'dark' } })],
      { kind: 'undecided', why: 'dark', timedOut: false },
    ],
    [
      'one clear picture after seconds of life is a spoof',
      [...frames(3, liveSample), liveSample(3100, { liveness: scored(0.05) })],
      { kind: 'spoof' },
    ],
    [
      'after a gap everything starts over',
      [...frames(3, liveSample), liveSample(5000)],
      { kind: 'undecided', why: 'appearance', timedOut: false },
    ],
    [
      'a gap does not wash a spoof clean',
      [printSample(0, 0.01), ...frames(2, (ms) => liveSample(2000 + ms))],
      { kind: 'spoof' },
    ],
    [
      'after the lock a live person may pass',
      [printSample(0, 0.01), ...frames(8, (ms) => liveSample(100 + ms))],
      { kind: 'live' },
    ],
  ])('%s', (_title, samples, expected) => expect(verdictAfter(samples)).toEqual(expected));

  test('without the motion cue, as in the demo, a face is alive by its appearance', () => {
    const rule = { ...LIVENESS_RULE, motion: false };
    expect(verdictOf(run(frames(2, still), rule), rule)).toEqual({ kind: 'live' });
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
        let [ms, worse, better] = [0, undefined as LivenessState | undefined, undefined as LivenessState | undefined];
        for (const [step, a, b] of steps) {
          ms += step;
          worse = addSample(worse, liveSample(ms, { liveness: scored(Math.min(a, b)) }));
          better = addSample(better, liveSample(ms, { liveness: scored(Math.max(a, b)) }));
          expect(rank[verdictOf(better).kind]).toBeGreaterThanOrEqual(rank[verdictOf(worse).kind]);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a sample that is not newer than the last changes nothing: duplicates, time going backwards, NaN', () => {
    const state = run(frames(1, liveSample));
    for (const ms of [1000, 999, 0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(addSample(state, liveSample(ms))).toBe(state);
    expect(addSample(undefined, liveSample(Number.NaN))).toBeUndefined();
  });

  test('the same samples, shuffled and doubled, are never alive sooner than in order', () => {
    const samples = frames(1, liveSample);
    fc.assert(
      fc.property(fc.shuffledSubarray([...samples, ...samples], { minLength: 2 }), (mixed) => {
        expect(anytimeLive(mixed)).toBe(false);
      }),
    );
  });

  test('a sample without a score adds nothing to the appearance cue', () => {
    const known = run(frames(2, liveSample));
    const before = sumOf(known) ?? 0;
    fc.assert(
      fc.property(fc.array(stepMs, { maxLength: 15 }), (steps) => {
        let [ms, state] = [2000, known];
        for (const step of steps) {
          ms += step;
          state = addSample(state, liveSample(ms, { liveness: { kind: 'unknown', why: 'noise' } }));
          expect(sumOf(state)).toBeLessThanOrEqual(before);
          expect(verdictOf(state).kind).not.toBe('live');
        }
      }),
      { numRuns: 30 },
    );
  });

  test('10,000 hostile samples never grant and never throw', () => {
    const hostile = fc.record({
      step: fc.constantFrom(0, -500, 40, 125, 5000, Number.NaN),
      live: fc.constantFrom(Number.NaN, -1, 2, 0.99, 0.5, 0, Number.POSITIVE_INFINITY),
      points: fc.constantFrom<FaceSample['landmarks']>(
        [],
        solidHead().map((): [number, number] => [0, 0]),
        solidHead({ size: 1e9 }),
      ),
      side: fc.constantFrom(0, -5, 1e9, Number.NaN, 150),
    });
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 100, maxLength: 100 }), (samples) => {
        let [ms, state] = [0, undefined as LivenessState | undefined];
        for (const { step, live, points, side } of samples) {
          ms += Number.isNaN(step) ? 0 : step;
          const box = { x: 0, y: 0, width: side, height: side };
          const atMs = at(Number.isNaN(step) ? step : ms);
          state = addSample(state, { atMs, box, landmarks: points, liveness: scored(live) });
          expect(verdictOf(state).kind).not.toBe('live');
        }
      }),
      { numRuns: 100 },
    );
  });
});
