// pure
import { COMPARING, type TrialRow } from './trial-protocol.js';

/** What the child measured: one row of numbers for each of `rows`, as the network gave them. */
export interface Trial {
  readonly rows: readonly TrialRow[];
  readonly vectors: readonly Float32Array[];
  readonly encodeMs: number;
  /** Names of the readings, by place; the first is the one that is tried. */
  readonly readings: readonly string[];
}

/** Squared distances of unit vectors, 0 to 4. */
export interface TrialFigures {
  readonly faces: number;
  /** The farthest that the very same picture came from itself. */
  readonly repeat: number;
  /** Median distance of a face that was shifted by three pixels. */
  readonly shifted: number;
  /** Two faces of one photo: pairs, the distance that one of ten is nearer than, median. */
  readonly strangers: { readonly pairs: number; readonly near: number; readonly median: number };
  /** One face in a changed photo: pairs, median, the distance that one of ten is farther than. */
  readonly same: { readonly pairs: number; readonly median: number; readonly far: number };
  /** `same.far ÷ strangers.near` over the changes by which readings are compared; the smaller, the better faces part. */
  readonly overlap: number;
  /** The overlap of each other reading that was tried. */
  readonly others: readonly { readonly reading: string; readonly overlap: number }[];
}

export type TrialVerdict =
  | { readonly kind: 'usable'; readonly figures: TrialFigures }
  /** Nobody can use such numbers. */
  | { readonly kind: 'broken'; readonly why: string }
  /** Faces do not part as they should: most likely the input is made in the wrong way. */
  | { readonly kind: 'doubtful'; readonly why: string; readonly figures: TrialFigures };

/**
 * The least median distance of two people. Networks of this project show 1.76 and 1.82; fed with numbers of the wrong size they all but
 * stop telling people apart, at 0.35 or less. Some half of what was published of the weakest encoder that is known to work (CMU's OpenFace, 1.13 to 1.52).
 */
export const STRANGERS_MIN = 0.7;
/**
 * The most that a face in other light or mirrored may come away from itself, in parts of the distance of strangers. Networks of
 * this project show 0.06 and 0.09; wrongly fed ones 0.2 to 0.7. Half leaves room for much weaker ones.
 */
export const OVERLAP_MAX = 0.5;
/**
 * Another reading that parts faces so many times better is the right one. The right readings of this project's networks are at most 1.05
 * times worse than the best other, wrong scales at least 2.2 times.
 */
export const BETTER_BY = 1.5;
/** The same picture twice differs by rounding at most. */
const REPEAT_MAX = 1e-6;
const CONSTANT_MAX = 1e-9;
/** Below it the figures are chance. */
const PAIRS_MIN = 10;

/** Judges the numbers that a network gave for the faces of the samples. */
export function judgeTrial(trial: Trial): TrialVerdict {
  const broken = whyBroken(trial);
  if (broken !== undefined) return { kind: 'broken', why: broken };
  const figures = figuresOf(trial);
  const why = whyDoubtful(figures);
  return why === undefined ? { kind: 'usable', figures } : { kind: 'doubtful', why, figures };
}

function whyBroken({ rows, vectors }: Trial): string | undefined {
  const own = vectors.filter((_, at) => rows[at]?.reading === 0);
  const faulty = own.filter((vector) => !vector.every(Number.isFinite)).length;
  if (faulty > 0) return `${faulty} of ${own.length} faces gave numbers that are none (NaN or infinite)`;
  const empty = own.filter((vector) => Math.hypot(...vector) < 1e-6).length;
  if (empty > 0) return `${empty} of ${own.length} faces gave only zeros`;
  const [first, ...rest] = own.map(unit);
  if (!first || rest.length === 0) return 'no faces were found in the samples: run "kaimon models verify"';
  if (rest.every((vector) => distance(first, vector) < CONSTANT_MAX)) return 'it gives the same numbers for every face';
  return undefined;
}

function whyDoubtful({ repeat, strangers, same, overlap, others }: TrialFigures): string | undefined {
  if (repeat > REPEAT_MAX)
    return `the same picture gave other numbers the second time (distance ${repeat.toPrecision(2)}): the network was saved as it is trained, with chance in it`;
  if (strangers.pairs < PAIRS_MIN || same.pairs < PAIRS_MIN)
    return `only ${strangers.pairs} pairs of different people and ${same.pairs} of the same were found, ${PAIRS_MIN} are needed`;
  const best = [...others].sort((a, b) => a.overlap - b.overlap)[0];
  const hint =
    best && best.overlap * BETTER_BY < overlap
      ? `fed with ${best.reading} faces part ${times(overlap / best.overlap)} better`
      : undefined;
  const found = whyNotParted(strangers.median, overlap);
  return found && hint ? `${found}; ${hint}` : (found ?? hint);
}

function whyNotParted(strangers: number, overlap: number): string | undefined {
  if (strangers < STRANGERS_MIN)
    return `different people are only ${strangers.toFixed(2)} apart (median), at least ${STRANGERS_MIN} is expected`;
  // NaN compares as false and is refused as well.
  if (!(overlap <= OVERLAP_MAX))
    return `a face in other light comes as far as ${overlap.toFixed(2)} of the distance of strangers from itself, at most ${OVERLAP_MAX} is expected`;
  return undefined;
}

const times = (factor: number): string => (Number.isFinite(factor) ? `${factor.toFixed(1)} times` : 'incomparably');

interface Pairs {
  readonly same: readonly number[];
  readonly strangers: readonly number[];
}

function figuresOf(trial: Trial): TrialFigures {
  const all = pairsOf(trial, 0, () => true);
  const of = (variant: TrialRow['variant']) => pairsOf(trial, 0, (one) => one === variant).same;
  const changed = pairsOf(trial, 0, (variant) => variant !== 'again').same;
  const overlap = (reading: number) => {
    const { same, strangers } = pairsOf(trial, reading, (variant) => variant !== null && COMPARING.includes(variant));
    return quantile(same, 0.9) / quantile(strangers, 0.1);
  };
  return {
    faces: facesOf(trial, 0).length,
    repeat: Math.max(0, ...of('again')),
    shifted: quantile(of('shifted'), 0.5),
    strangers: {
      pairs: all.strangers.length,
      near: quantile(all.strangers, 0.1),
      median: quantile(all.strangers, 0.5),
    },
    same: { pairs: changed.length, median: quantile(changed, 0.5), far: quantile(changed, 0.9) },
    overlap: overlap(0),
    others: trial.readings.flatMap((reading, place) =>
      place > 0 && facesOf(trial, place).length > 0 ? [{ reading, overlap: overlap(place) }] : [],
    ),
  };
}

interface Face {
  readonly photo: number;
  readonly face: number;
  readonly vector: Float32Array;
}

const facesOf = ({ rows, vectors }: Trial, reading: number): Face[] =>
  rows.flatMap((row, at) =>
    row.reading === reading && row.variant === null
      ? [{ ...row, vector: unit(vectors[at] ?? new Float32Array()) }]
      : [],
  );

/**
 * What is certain without labels: a face and the same face in a changed photo are one person, two faces of one photo are two. Faces of
 * two photos may be one person or two, and are not compared.
 */
function pairsOf(trial: Trial, reading: number, counts: (variant: TrialRow['variant']) => boolean): Pairs {
  const faces = facesOf(trial, reading);
  const strangers = faces.flatMap((one, at) =>
    faces.slice(0, at).flatMap((other) => (other.photo === one.photo ? [distance(one.vector, other.vector)] : [])),
  );
  const same = trial.rows.flatMap((row, at) => {
    if (row.reading !== reading || row.variant === null || !counts(row.variant)) return [];
    const face = faces.find(({ photo, face }) => photo === row.photo && face === row.face);
    return face ? [distance(face.vector, unit(trial.vectors[at] ?? new Float32Array()))] : [];
  });
  return { same, strangers };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Differences are summed: next to zero they are exact where 2 − 2·cos is rounding. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

/** NaN where there are none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
