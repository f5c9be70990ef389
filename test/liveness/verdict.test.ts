import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { livenessSection } from '../../src/config/sections/liveness.js';
import type { FaceSample } from '../../src/liveness/face-sample.js';
import { LIVENESS_RULE, limitsOf } from '../../src/liveness/liveness-rule.js';
import { addSample, evidenceFor, type LivenessState, type Verdict, verdictOf } from '../../src/liveness/verdict.js';
import { findModel } from '../../src/models/manifest.js';
import { loadManifest } from '../../src/models/model-files.js';
import { at, liveSample, printSample, scored, solidHead } from './heads.js';

const STEP_MS = 125;
const run = (samples: readonly FaceSample[], rule = LIVENESS_RULE): LivenessState | undefined =>
  samples.reduce<LivenessState | undefined>((state, sample) => addSample(state, sample, rule), undefined);
const frames = (seconds: number, sample: (ms: number) => FaceSample): FaceSample[] =>
  Array.from({ length: (seconds * 1000) / STEP_MS + 1 }, (_, i) => sample(i * STEP_MS));
const verdictAfter = (samples: readonly FaceSample[]): Verdict => verdictOf(run(samples));
const still = (ms: number, liveness: FaceSample['liveness'] = scored(4)) =>
  liveSample(ms, { landmarks: solidHead(), liveness });
const anytimeLive = (samples: readonly FaceSample[]) =>
  samples.some((_, i) => verdictOf(run(samples.slice(0, i + 1))).kind === 'live');

const undecided = (why: Extract<Verdict, { kind: 'undecided' }>['why'], timedOut = false): Verdict => ({
  kind: 'undecided',
  why,
  timedOut,
});
const unsure = (llr: number) => (ms: number) => liveSample(ms, { liveness: scored(llr) });

describe('a verdict on a face', () => {
  test.each<[string, readonly FaceSample[], Verdict]>([
    ['a clear living face is alive with its second frame', frames(0.125, liveSample), { kind: 'live' }],
    ['so is one that stands still', frames(0.125, still), { kind: 'live' }],
    ['one frame is never enough', frames(0, (ms) => liveSample(ms, { liveness: scored(6) })), undecided('still')],
    ['a less clear one needs more frames', frames(0.125, unsure(3)), undecided('still')],
    ['… and is alive with them', frames(1, unsure(3)), { kind: 'live' }],
    ['a hardly clear one stays undecided', frames(3, unsure(1)), undecided('unsure')],
    [
      'a face that does not move and is not clear is asked to',
      frames(3, (ms) => liveSample(ms, { landmarks: solidHead(), liveness: scored(1) })),
      undecided('still'),
    ],
    ['after eight seconds it has run out of time', frames(8, unsure(1)), undecided('unsure', true)],
    [
      'a print that the networks think alive is given away by its movement',
      frames(8, (ms) => printSample(ms, 4)),
      undecided('unsure', true),
    ],
    ['a print that the networks know is a spoof at once', frames(0, (ms) => printSample(ms, -4)), { kind: 'spoof' }],
    ['one that they suspect is a spoof by and by', frames(1, (ms) => printSample(ms, -2)), { kind: 'spoof' }],
    [
      'a screen that shows a moving face does not look alive enough, though it is not clearly a picture',
      frames(8, unsure(-0.5)),
      undecided('unsure', true),
    ],
    ...(['fault', 'cut-off'] as const).map((why): [string, readonly FaceSample[], Verdict] => [
      `a face that cannot be scored (${why}) does not pass, and the verdict says why`,
      frames(3, (ms) => liveSample(ms, { liveness: { kind: 'unknown', why } })),
      undecided(why),
    ]),
    ...(['dark', 'noise', 'context'] as const).map((doubt): [string, readonly FaceSample[], Verdict] => [
      `a face that is hard to judge (${doubt}) and not clear does not pass, and the verdict says why`,
      frames(3, (ms) => liveSample(ms, { liveness: { kind: 'scored', llr: 1, doubt } })),
      undecided(doubt),
    ]),
    [
      'a face whose liveness was not measured does not pass',
      frames(3, (ms) => liveSample(ms, { liveness: undefined })),
      undecided('missing'),
    ],
    [
      'a face that was alive is not alive in a frame that cannot be scored',
      [...frames(3, liveSample), liveSample(3100, { liveness: { kind: 'unknown', why: 'fault' } })],
      undecided('fault'),
    ],
    [
      '… nor in one that looks like a picture',
      [...frames(3, liveSample), liveSample(3100, { liveness: scored(-0.1) })],
      undecided('unsure'),
    ],
    ['after a gap everything starts over', [...frames(3, liveSample), liveSample(5000)], undecided('still')],
    [
      'a gap does not wash a spoof clean',
      [printSample(0, -4), ...frames(2, (ms) => liveSample(2000 + ms))],
      { kind: 'spoof' },
    ],
    [
      'after the lock a live person may pass',
      [printSample(0, -4), ...frames(8, (ms) => liveSample(100 + ms))],
      { kind: 'live' },
    ],
  ])('%s', (_title, samples, expected) => expect(verdictAfter(samples)).toEqual(expected));

  test('the limits follow from the two error rates, and a stricter one lets a face wait longer', () => {
    expect(limitsOf(LIVENESS_RULE)).toEqual({ alive: expect.closeTo(4.554, 3), picture: expect.closeTo(-2.986, 3) });
    const first = (iapar: number) => {
      const rule = { ...LIVENESS_RULE, iapar };
      const samples = frames(3, unsure(3.5));
      return samples.findIndex((_, i) => verdictOf(run(samples.slice(0, i + 1), rule), rule).kind === 'live');
    };
    expect([first(0.05), first(0.01), first(0.004)]).toEqual([1, 2, 4]);
    expect(first(0.0001)).toBe(-1);
  });
});

test('the strictest rates that the configuration takes can be met by the network that always has a say, still faces included', () => {
  const rule = { ...LIVENESS_RULE, iapar: 0.002, bpcer: 0.005 };
  expect(() => livenessSection.parse({ iapar: 0.0019 })).toThrow();
  expect(() => livenessSection.parse({ bpcer: 0.0049 })).toThrow();
  expect(livenessSection.parse({ iapar: rule.iapar, bpcer: rule.bpcer })).toMatchObject({ iapar: 0.002, bpcer: 0.005 });
  const { least, most } = findModel(loadManifest(), 'liveness', 'liveness').evidence;
  const shown = (llr: number) =>
    verdictOf(
      run(
        frames(4, (ms) => still(ms, scored(llr))),
        rule,
      ),
      rule,
    );
  expect(shown(most)).toEqual({ kind: 'live' });
  expect(shown(least)).toEqual({ kind: 'spoof' });
});

const ratio = fc.double({ min: -6, max: 6, noNaN: true });
const stepMs = fc.integer({ min: 20, max: 400 });

describe('whatever is shown', () => {
  test('better samples never turn a live verdict into another', () => {
    const rank = { spoof: 0, undecided: 1, live: 2 };
    const good = fc.oneof(ratio, fc.double({ min: 2, max: 6, noNaN: true }));
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
    const samples = frames(0.625, (ms) => still(ms, scored(2.9)));
    expect(anytimeLive(samples)).toBe(false);
    fc.assert(
      fc.property(fc.shuffledSubarray([...samples, ...samples], { minLength: 2 }), (mixed) => {
        expect(anytimeLive(mixed)).toBe(false);
      }),
    );
  });

  test('a sample without a score never adds to the evidence, and is never alive', () => {
    const known = run(frames(2, still));
    const before = known ? evidenceFor(known) : 0;
    fc.assert(
      fc.property(fc.array(stepMs, { maxLength: 15 }), (steps) => {
        let [ms, state] = [2000, known];
        for (const step of steps) {
          ms += step;
          state = addSample(state, still(ms, { kind: 'unknown', why: 'fault' }));
          expect(state && evidenceFor(state)).toBeLessThanOrEqual(before);
          expect(verdictOf(state).kind).not.toBe('live');
        }
      }),
      { numRuns: 30 },
    );
  });

  test('10,000 hostile samples never grant and never throw', () => {
    const hostile = fc.record({
      step: fc.constantFrom(0, -500, 40, 125, 5000, Number.NaN),
      llr: fc.constantFrom(Number.NaN, -100, 0, 0.5, 1, -4, Number.NEGATIVE_INFINITY),
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
        for (const { step, llr, points, side } of samples) {
          ms += Number.isNaN(step) ? 0 : step;
          const box = { x: 0, y: 0, width: side, height: side };
          const atMs = at(Number.isNaN(step) ? step : ms);
          state = addSample(state, { atMs, box, landmarks: points, liveness: scored(llr) });
          expect(verdictOf(state).kind).not.toBe('live');
        }
      }),
      { numRuns: 100 },
    );
  });
});
