// pure

import { seeded } from '../../kit/seeded-random.js';
import type { CountedRate } from '../faces/open-set.js';
import { type Count, rateByPerson, SEED } from '../figures.js';
import type { JudgedApproach } from './approaches.js';

/** A rate of approaches; its interval is by person. */
export interface ApproachRate extends CountedRate {
  readonly people: number;
}

/** Seconds or frames of a decision, from the first usable frame. */
export interface Spread {
  readonly n: number;
  readonly median: number;
  readonly p95: number;
}

/** One group of approaches that must not be let in. */
export interface IntruderFigures {
  /** Share of approaches that opened the door. */
  readonly rate: ApproachRate;
  /** Approaches by people of the gallery, as far as the set names them: the others would have been refused anyway. */
  readonly ofEnrolled: number;
  /** Approaches with too few frames in a row for a grant: their refusal proves nothing. */
  readonly tooShort: number;
  /** People of the others. */
  readonly provingPeople: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** To the first refusal. */
  readonly secondsToRefusal: Spread | null;
}

export interface EnrolledFigures {
  /** Approaches without a grant to their own person. */
  readonly fnir: ApproachRate;
  /** Approaches with a grant to another person. */
  readonly misidentified: ApproachRate;
  readonly tooShort: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** To the grant. */
  readonly secondsToGrant: Spread | null;
  /** To the grant, the first usable frame and that of the grant both counted. */
  readonly framesToGrant: Spread | null;
  /** Share of all approaches that were let in within so many seconds. */
  readonly letInWithin: readonly { readonly seconds: number; readonly share: number }[];
}

/** Where the curve of the times to a grant is read. */
const WITHIN_S = [0.2, 0.5, 1, 1.5, 2, 3, 5] as const;

/** Null: the group was not given. */
export interface GateFigures {
  readonly probes: EnrolledFigures | null;
  /** Approaches of enrolled people whose frames have no times of their own, because the set says them of others only. */
  readonly untimed: EnrolledFigures | null;
  /** `rate` is FPIR. */
  readonly strangers: IntruderFigures | null;
  /** By kind; `rate` is IAPAR. */
  readonly attacks: Readonly<Record<string, IntruderFigures>> | null;
}

export interface ApproachGroups {
  readonly probes: readonly JudgedApproach[] | undefined;
  readonly strangers: readonly JudgedApproach[] | undefined;
  readonly attacks: readonly JudgedApproach[] | undefined;
}

/** @param agree fewest usable frames of the mean by which a face is recognised @param enrolled everybody in the gallery */
export function gateFigures(
  { probes, strangers, attacks }: ApproachGroups,
  agree: number,
  enrolled: ReadonlySet<string>,
): GateFigures {
  const intruders = (rows: readonly JudgedApproach[]) => intruderFigures(rows, agree, enrolled);
  const kinds = [...new Set(attacks?.map(({ kind }) => kind))].sort();
  return {
    probes: probes
      ? enrolledFigures(
          probes.filter(({ timed }) => timed),
          agree,
        )
      : null,
    untimed: probes?.some(({ timed }) => !timed)
      ? enrolledFigures(
          probes.filter(({ timed }) => !timed),
          agree,
        )
      : null,
    strangers: strangers ? intruders(strangers) : null,
    attacks: attacks
      ? Object.fromEntries(kinds.map((kind) => [kind, intruders(attacks.filter((row) => row.kind === kind))]))
      : null,
  };
}

const ownGrant = ({ grants, person }: JudgedApproach) => grants.find((grant) => grant.person === person);

function enrolledFigures(rows: readonly JudgedApproach[], agree: number): EnrolledFigures {
  const grants = rows.flatMap((row) => ownGrant(row) ?? []);
  return {
    fnir: rateOf(rows, (row) => ownGrant(row) === undefined),
    misidentified: rateOf(rows, ({ grants: all, person }) => all.some((grant) => grant.person !== person)),
    tooShort: tooShort(rows, agree),
    reasons: reasonsOf(rows),
    secondsToGrant: spreadOf(grants.map(({ seconds }) => seconds)),
    framesToGrant: spreadOf(grants.map(({ frames }) => frames)),
    letInWithin: WITHIN_S.map((seconds) => ({
      seconds,
      share: grants.filter((grant) => grant.seconds <= seconds).length / Math.max(1, rows.length),
    })),
  };
}

const intruderFigures = (
  rows: readonly JudgedApproach[],
  agree: number,
  enrolled: ReadonlySet<string>,
): IntruderFigures => ({
  rate: rateOf(rows, ({ grants }) => grants.length > 0),
  ofEnrolled: rows.filter(({ person }) => enrolled.has(person)).length,
  tooShort: tooShort(rows, agree),
  provingPeople: new Set(rows.filter(({ inARow }) => inARow >= agree).map(({ person }) => person)).size,
  reasons: reasonsOf(rows),
  secondsToRefusal: spreadOf(rows.flatMap(({ refusedAfter }) => refusedAfter ?? [])),
});

const tooShort = (rows: readonly JudgedApproach[], agree: number) => rows.filter(({ inARow }) => inARow < agree).length;

function rateOf(rows: readonly JudgedApproach[], happened: (row: JudgedApproach) => boolean): ApproachRate {
  const people = new Map<string, Count>();
  for (const row of rows) {
    const [yes, all] = people.get(row.person) ?? [0, 0];
    people.set(row.person, [yes + (happened(row) ? 1 : 0), all + 1]);
  }
  return { ...rateByPerson([...people.values()], seeded(SEED)), n: rows.length, people: people.size };
}

function reasonsOf(rows: readonly JudgedApproach[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of rows) if (reason !== null) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** The nearest-rank quantiles; null of nothing. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { n: sorted.length, median: at(0.5), p95: at(0.95) };
}

/**
 * The rule of three: what no error in so many independent trials proves with 95 % confidence.
 * @returns the rate that the true one is below, at most 1
 */
export const ruleOfThree = (trials: number): number => Math.min(1, 3 / Math.max(1, trials));
