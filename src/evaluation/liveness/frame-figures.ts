// pure
import type { FaceLiveness } from '../../face/observation.js';
import { seeded } from '../../kit/seeded-random.js';
import { type Rate, rateByPerson, SEED } from '../figures.js';

/** What one still gave; no liveness: no face was found. */
export interface JudgedStill {
  readonly kind: string;
  readonly person: string;
  /** Where it comes from; empty where that is not known. */
  readonly source: string;
  readonly liveness: FaceLiveness | undefined;
}

export interface FrameFigures {
  readonly n: number;
  readonly noFace: number;
  /** A face, but no score: by reason. They count as below every ratio. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Scored, but hard to judge: by what makes it so. */
  readonly doubt: Readonly<Record<string, number>>;
  /**
   * Of frames with a face: attacks at or above the ratio below which 5 % of the living frames lie (APCER at BPCER 5 %), living
   * frames below it; interval by person. Undefined without living frames.
   */
  readonly error: Rate | undefined;
  /** Area under the curve against the living frames: 1 tells all apart, 0.5 none. Undefined for living frames. */
  readonly auc: number | undefined;
}

const BPCER = 0.05;

const ratioOf = (liveness: FaceLiveness | undefined): number =>
  liveness?.kind === 'scored' ? liveness.llr : Number.NEGATIVE_INFINITY;

const livingRatios = (stills: readonly JudgedStill[]): readonly number[] =>
  stills
    .filter(({ kind, liveness }) => kind === 'live' && liveness !== undefined)
    .map((still) => ratioOf(still.liveness));

/** The ratio below which 5 % of these lie. */
const limitOf = (living: readonly number[]): number | undefined =>
  living.toSorted((a, b) => a - b)[Math.floor(BPCER * living.length)];

/** Every still by itself, by kind. */
export const frameFigures = (stills: readonly JudgedStill[]): Record<string, FrameFigures> =>
  figuresByKind(stills, limitOf(livingRatios(stills)));

/**
 * The same for each source of a set that names several: errors at the one limit of the whole set, areas against the living
 * frames of the same source, so that a network that only tells cameras apart gains nothing.
 */
export function sourceFigures(stills: readonly JudgedStill[]): Record<string, Record<string, FrameFigures>> {
  const sources = [...new Set(stills.map(({ source }) => source))].sort();
  if (sources.length < 2) return {};
  const limit = limitOf(livingRatios(stills));
  return Object.fromEntries(
    sources.map((name) => [
      name || 'unnamed',
      figuresByKind(
        stills.filter(({ source }) => source === name),
        limit,
      ),
    ]),
  );
}

function figuresByKind(stills: readonly JudgedStill[], limit: number | undefined): Record<string, FrameFigures> {
  const withFace = stills.filter(({ liveness }) => liveness !== undefined);
  const living = livingRatios(stills);
  const kinds = [...new Set(stills.map(({ kind }) => kind))].sort();
  return Object.fromEntries(
    kinds.map((kind) => {
      const faces = withFace.filter((still) => still.kind === kind);
      const ratios = faces.map(({ liveness }) => ratioOf(liveness));
      return [
        kind,
        {
          n: stills.filter((still) => still.kind === kind).length,
          noFace: stills.filter((still) => still.kind === kind && still.liveness === undefined).length,
          unknown: countsOf(faces.map(({ liveness }) => (liveness?.kind === 'unknown' ? liveness.why : undefined))),
          doubt: countsOf(faces.map(({ liveness }) => (liveness?.kind === 'scored' ? liveness.doubt : undefined))),
          error: limit === undefined ? undefined : errorRate(kind, faces, limit),
          auc: kind === 'live' || living.length === 0 || ratios.length === 0 ? undefined : area(living, ratios),
        },
      ];
    }),
  );
}

function countsOf(words: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) if (word !== undefined) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function errorRate(kind: string, faces: readonly JudgedStill[], limit: number): Rate {
  const people = new Map<string, [number, number]>();
  for (const { person, liveness } of faces) {
    const [wrong, all] = people.get(person) ?? [0, 0];
    const accepted = ratioOf(liveness) >= limit;
    people.set(person, [wrong + (accepted === (kind === 'live') ? 0 : 1), all + 1]);
  }
  return rateByPerson([...people.values()], seeded(SEED));
}

/** Chance that a living frame has a higher ratio than an attack, equal ones counted half (Mann and Whitney 1947). */
function area(living: readonly number[], attacks: readonly number[]): number {
  const sorted = attacks.toSorted((a, b) => a - b);
  const below = (value: number, orEqual: boolean) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = sorted[middle] as number;
      if (orEqual ? at <= value : at < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const wins = living.reduce((sum, value) => sum + (below(value, false) + below(value, true)) / 2, 0);
  return wins / (living.length * attacks.length);
}
