import { describe, expect, test } from 'vitest';
import { judgeTrial, type Trial } from '../../../src/models/added/judge-trial.js';
import { VARIANTS, type Variant } from '../../../src/models/added/trial-protocol.js';

interface Made {
  /** Squared distance of two people, and of a face and itself in other light. */
  readonly strangers: number;
  readonly same: number;
  readonly again?: number;
}

const PHOTOS = 2;
const FACES = 4;
const DIMENSION = 16;

/** A face of its own axis on top of what all faces share, and for each change another one: distances come out as asked for. */
function vectorOf({ strangers, same, again = 0 }: Made, person: number, variant: Variant | null): Float32Array {
  const own = Math.sqrt(strangers / 2);
  const vector = new Float32Array(DIMENSION);
  vector[0] = Math.sqrt(1 - own * own);
  vector[1 + person] = own;
  const away = variant === null ? 0 : variant === 'again' ? again : same;
  // Turned by the angle whose chord is the square root of the distance.
  const angle = 2 * Math.asin(Math.sqrt(away) / 2);
  const turned = vector.map((value) => value * Math.cos(angle));
  turned[DIMENSION - 1] = Math.sin(angle);
  return turned;
}

function trialOf(
  readings: readonly Made[],
  change: (vector: Float32Array) => Float32Array = (vector) => vector,
): Trial {
  const rows: Trial['rows'][number][] = [];
  const vectors: Float32Array[] = [];
  readings.forEach((made, reading) => {
    for (let photo = 0; photo < PHOTOS; photo++)
      for (let face = 0; face < FACES; face++)
        for (const variant of [null, ...VARIANTS]) {
          rows.push({ reading, photo, face, variant });
          vectors.push(change(vectorOf(made, photo * FACES + face, variant)));
        }
  });
  return { rows, vectors, encodeMs: 10, readings: ['as given', 'bytes', 'zero to one'].slice(0, readings.length) };
}

const GOOD: Made = { strangers: 1.8, same: 0.08 };

describe('numbers of a network', () => {
  test('are usable where people part, whatever their length', () => {
    const verdict = judgeTrial(trialOf([GOOD], (vector) => vector.map((value) => value * 900)));
    expect(verdict).toMatchObject({
      kind: 'usable',
      figures: { faces: 8, strangers: { pairs: 12 }, same: { pairs: 56 } },
    });
    if (verdict.kind === 'broken') throw new Error(verdict.why);
    expect(verdict.figures.strangers.median).toBeCloseTo(1.8, 4);
    expect(verdict.figures.overlap).toBeCloseTo(0.08 / 1.8, 4);
    expect(verdict.figures.repeat).toBe(0);
  });

  test.each<[string, Trial, string, RegExp]>([
    [
      'NaN',
      trialOf([GOOD], (vector) => vector.map((value, i) => (i === 3 ? Number.NaN : value))),
      'broken',
      /72 of 72 faces gave numbers that are none/,
    ],
    ['infinite', trialOf([GOOD], (vector) => vector.map(() => Number.POSITIVE_INFINITY)), 'broken', /NaN or infinite/],
    ['zeros', trialOf([GOOD], (vector) => vector.map(() => 0)), 'broken', /only zeros/],
    [
      'the same for every face',
      trialOf([GOOD], (vector) => vector.map(() => 0.5)),
      'broken',
      /same numbers for every face/,
    ],
    ['none', { rows: [], vectors: [], encodeMs: 0, readings: ['as given'] }, 'broken', /no faces were found/],
    ['others the second time', trialOf([{ ...GOOD, again: 0.001 }]), 'doubtful', /other numbers the second time/],
    [
      'all but the same for two people',
      trialOf([{ strangers: 0.35, same: 0.01 }]),
      'doubtful',
      /only 0\.35 apart \(median\), at least 0\.7/,
    ],
    [
      'far from themselves in other light',
      trialOf([{ strangers: 1.8, same: 1 }]),
      'doubtful',
      /as far as 0\.56 of the distance of strangers.*at most 0\.5/,
    ],
    [
      'better if fed otherwise',
      trialOf([{ strangers: 1.7, same: 0.2 }, { strangers: 1.6, same: 0.5 }, GOOD]),
      'doubtful',
      /^fed with zero to one faces part 2\.6 times better$/,
    ],
    [
      'bad, and better if fed otherwise',
      trialOf([{ strangers: 0.3, same: 0.2 }, GOOD]),
      'doubtful',
      /only 0\.30 apart.*; fed with bytes faces part 15\.0 times better/,
    ],
  ])('that are %s are refused', (_what, trial, kind, why) => {
    const verdict = judgeTrial(trial);
    expect(verdict.kind).toBe(kind);
    expect(verdict.kind === 'usable' ? '' : verdict.why).toMatch(why);
  });

  test('another way to feed it that is a little better, as chance has it, is no reason', () => {
    expect(judgeTrial(trialOf([{ strangers: 1.8, same: 0.1 }, GOOD])).kind).toBe('usable');
  });

  test('faces of two photos are never taken for two people', () => {
    // One person on both photos: only the pairs within a photo count.
    const trial = trialOf([GOOD]);
    const vectors = trial.vectors.map((vector, at) =>
      trial.rows[at]?.photo === 1 ? (trial.vectors[at - 36] ?? vector) : vector,
    );
    expect(judgeTrial({ ...trial, vectors })).toMatchObject({ kind: 'usable', figures: { strangers: { pairs: 12 } } });
  });

  test('too few faces say nothing', () => {
    const trial = trialOf([GOOD]);
    const few = { ...trial, rows: trial.rows.map((row) => ({ ...row, photo: row.photo * FACES + row.face })) };
    expect(judgeTrial(few)).toMatchObject({
      kind: 'doubtful',
      why: expect.stringMatching(/only 0 pairs of different people/),
    });
  });
});
