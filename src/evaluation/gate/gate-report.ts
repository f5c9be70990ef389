// pure

import type { Report, Section } from '../report.js';
import type { JudgedApproach } from './approaches.js';
import {
  type ApproachGroups,
  type ApproachRate,
  type GateFigures,
  type IntruderFigures,
  ruleOfThree,
  type Spread,
} from './gate-figures.js';

export const asPercent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** A rate with its interval and what it was counted on. */
const writtenRate = ({ rate, low, high, n, people }: ApproachRate): string =>
  n === 0
    ? 'no approaches'
    : `${asPercent(rate)} (${asPercent(low)}–${asPercent(high)}) of ${n} approaches of ${people} people`;

const writtenSpread = (spread: Spread | null): string =>
  spread === null ? '–' : `${spread.median.toFixed(1)} s, 95 of 100 within ${spread.p95.toFixed(1)} s (${spread.n})`;

const writtenReasons = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons)
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ') || '–';

/** The figures in lines: what, rate, how long it took, why not. */
export function gateRows({ probes, untimed, strangers, attacks }: GateFigures): string[][] {
  const intruders = Object.entries({
    ...(strangers && { 'strangers let in (FPIR)': strangers }),
    ...Object.fromEntries(Object.entries(attacks ?? {}).map(([kind, one]) => [`${kind} let in (IAPAR)`, one])),
  });
  return [
    ...(probes && probes.fnir.n > 0
      ? [
          [
            'enrolled people not let in (FNIR)',
            writtenRate(probes.fnir),
            writtenSpread(probes.secondsToGrant),
            writtenReasons(probes.reasons),
          ],
          ['enrolled people taken for another', writtenRate(probes.misidentified), '–', '–'],
        ]
      : []),
    ...(untimed
      ? [['the same by pictures without times (FNIR)', writtenRate(untimed.fnir), '–', writtenReasons(untimed.reasons)]]
      : []),
    ...intruders.map(([what, { rate, secondsToRefusal, reasons }]) => [
      what,
      writtenRate(rate),
      writtenSpread(secondsToRefusal),
      writtenReasons(reasons),
    ]),
  ];
}

/** What the figures do not say by themselves. */
export function gateRemarks({ probes, untimed, strangers, attacks }: GateFigures): string[] {
  const intruders: [string, IntruderFigures][] = [
    ...(strangers ? [['strangers', strangers] as [string, IntruderFigures]] : []),
    ...Object.entries(attacks ?? {}),
  ];
  const short = [probes, untimed, strangers, ...Object.values(attacks ?? {})].reduce(
    (sum, one) => sum + (one?.tooShort ?? 0),
    0,
  );
  return [
    ...intruders
      .filter(([, { rate }]) => rate.rate === 0 && rate.n > 0)
      .map(([name, { rate, tooShort, provingPeople }]) =>
        noErrors(
          `${name}: none of ${rate.n} approaches was let in, of ${rate.n - tooShort} that were long enough`,
          provingPeople,
        ),
      ),
    ...Object.entries(attacks ?? {})
      .filter(([, { ofEnrolled, rate }]) => ofEnrolled < rate.n && rate.rate === 0)
      .map(
        ([kind, { ofEnrolled, rate }]) =>
          `${kind}: ${ofEnrolled} of ${rate.n} approaches are known to show somebody enrolled; the others may have been refused for that alone`,
      ),
    ...(short > 0 ? [`${short} approaches have too few frames in a row to be let in at all: they prove nothing`] : []),
  ];
}

/** How many enrolled people are let in by when: a heading and one row; undefined where nobody was. */
export function timesTable({ probes }: GateFigures): { head: string[]; rows: string[][] } | undefined {
  if (!probes?.framesToGrant) return undefined;
  const { letInWithin, framesToGrant } = probes;
  return {
    head: [...letInWithin.map(({ seconds }) => `within ${seconds} s`), 'usable frames to the grant'],
    rows: [
      [
        ...letInWithin.map(({ share }) => asPercent(share)),
        `${framesToGrant.median}, 95 of 100 within ${framesToGrant.p95}`,
      ],
    ],
  };
}

/** The rule of three, in words. */
export const noErrors = (what: string, people: number): string =>
  ruleOfThree(people) === 1
    ? `${what}; ${people} people are too few to prove anything`
    : `${what}; by the rule of three, with ${people} independent people, the true rate is below ${asPercent(ruleOfThree(people))} with 95 % confidence`;

/** The report of `evaluate gate`. */
export function gateReport(
  facts: Report['facts'],
  figures: GateFigures,
  groups: ApproachGroups,
  charts: readonly string[],
): Report {
  const remarks = gateRemarks(figures);
  return {
    title: 'Kaimon at the gate: whole approaches',
    facts,
    sections: [
      {
        title: 'Errors',
        sentences: [
          'Each approach is shown to a gate that has just been started. Intervals: 95 %, over people. Times: median and 95th percentile from the first usable frame (a face within the limits of quality), to the grant or to the first refusal.',
          ...remarks.map((remark) => `${remark}.`),
        ],
        table: { head: ['what', 'rate', 'time', 'reasons of those not let in'], rows: gateRows(figures) },
        charts,
      },
      ...timesSection(figures),
      ...listOf('Enrolled people', groups.probes),
      ...listOf('Strangers let in', groups.strangers?.filter(wasLetIn)),
      ...listOf('Attacks', groups.attacks),
    ],
  };
}

function timesSection(figures: GateFigures): Section[] {
  const table = timesTable(figures);
  const sentences = [
    'Share of all approaches of enrolled people that were let in so soon after the first usable frame.',
  ];
  return table ? [{ title: 'Times to the grant', sentences, table }] : [];
}

const wasLetIn = ({ grants }: JudgedApproach) => grants.length > 0;
/** Rows of one list; a report is short, --json has all. */
const ROWS_MAX = 200;

function listOf(title: string, rows: readonly JudgedApproach[] | undefined): Section[] {
  if (!rows || rows.length === 0) return [];
  const left = rows.length - ROWS_MAX;
  return [
    {
      title,
      ...(left > 0 && { sentences: [`The first ${ROWS_MAX} of ${rows.length}; --json has all.`] }),
      table: {
        head: ['approach', 'kind', 'person', 'frames', 'came to'],
        rows: rows
          .slice(0, ROWS_MAX)
          .map((row) => [row.name, row.kind, row.person, String(row.frames), outcomeOf(row)]),
      },
    },
  ];
}

/** What an approach came to, in words. */
export const outcomeOf = ({ grants, person, reason }: JudgedApproach): string =>
  grants.length === 0
    ? `refused: ${reason}`
    : grants
        .map(
          (grant) =>
            `let in after ${grant.seconds.toFixed(1)} s${grant.person === person ? '' : ` as ${grant.person}`}`,
        )
        .join(', ');
