import { OperatingError } from '../../kit/errors.js';
import { chooseForVisits } from '../../person/thresholds.js';
import { grantsChart } from '../charts/approach-charts.js';
import type { EvaluationContext, Findings } from '../context.js';
import { type Alteration, isUnaltered, writtenAlteration } from '../frames/alteration.js';
import { readPeople, readPresentations } from '../presentations.js';
import { commonFacts, prepareReport, writeReport } from '../report-file.js';
import { type EnrolledPeople, enrolFolder } from './approach-gallery.js';
import { approachesOf, type JudgedApproach } from './approaches.js';
import { type GateFigures, gateFigures } from './gate-figures.js';
import { gateRemarks, gateReport, gateRows, outcomeOf, timesTable } from './gate-report.js';
import {
  type ApproachSet,
  type ApproachSets,
  type Measuring,
  type ShownApproaches,
  showApproaches,
} from './show-approaches.js';
import { type ShownSet, showSet } from './show-set.js';

/** What `kaimon evaluate gate` is asked for: one whole set, or a gallery and at least one folder besides. */
export interface GateQuestion extends Measuring {
  /** Living faces and attacks; people are enrolled by frames of it. */
  readonly set?: string;
  /** Who is enrolled. */
  readonly gallery?: string;
  /** Approaches of the same people, of others, and with pictures and screens. */
  readonly probes?: string;
  readonly strangers?: string;
  readonly attacks?: string;
  /** File for a report. */
  readonly report?: string;
}

/** What `evaluate gate` measured. */
export interface GateResult extends GateFigures, Alteration {
  readonly encoder: string;
  readonly people: number;
  readonly photos: number;
  readonly failedToEnrol: readonly string[];
  readonly refusedPhotos: number;
  /** Living approaches of a set that leave no frame to enrol from, or none to show. */
  readonly unshown: number;
  readonly liveness: boolean;
  readonly targetFpir: number;
  readonly threshold: number;
  readonly margin: number;
  readonly agree: number;
  readonly of: number;
  readonly tooLarge: boolean;
  readonly fps: number;
  readonly replaced: number;
  /** With the part that each played: a living approach of a set is shown twice. */
  readonly approaches: readonly (JudgedApproach & { readonly part: keyof ApproachSets })[];
}

/**
 * Shows whole approaches to the very gate of the daemon: who is let in, who is not, and after how long.
 * @throws OperatingError where a set cannot be used, nobody can be enrolled, a stranger is enrolled, or the report cannot be written
 */
export async function evaluateGate(context: EvaluationContext, question: GateQuestion): Promise<Findings<GateResult>> {
  const { enrolled, shown, unshown } = await showAll(context, question);
  const { agree } = context.config.decision;
  const figures = gateFigures(shown.groups, agree, new Set(enrolled.people.keys()));
  return report({ ...question, networks: context.networks }, enrolled, shown, figures, unshown);
}

async function showAll(context: EvaluationContext, question: GateQuestion): Promise<ShownSet> {
  const { set, gallery, report: file } = question;
  if (set !== undefined) {
    prepareReport(file);
    return showSet(context, set, question);
  }
  if (gallery === undefined) throw new OperatingError('KAIMON_USAGE', 'nobody is enrolled: give --gallery, or --set');
  const sets = readSets(question);
  prepareReport(file);
  const enrolled = await enrolFolder(context, gallery);
  assertApart(sets.strangers, enrolled.people);
  return { enrolled, shown: await showApproaches(context, enrolled, sets, question), unshown: 0 };
}

function readSets({ probes, strangers, attacks }: GateQuestion): ApproachSets {
  const people = (folder: string | undefined): ApproachSet | undefined =>
    folder === undefined ? undefined : { folder, approaches: approachesOf(readPeople(folder)) };
  return {
    probes: people(probes),
    strangers: people(strangers),
    attacks:
      attacks === undefined
        ? undefined
        : {
            folder: attacks,
            approaches: approachesOf(readPresentations(attacks)).filter(({ kind }) => kind !== 'live'),
          },
  };
}

/** A stranger with the name of an enrolled person is a mistake in the set. */
function assertApart(strangers: ApproachSet | undefined, people: ReadonlyMap<string, unknown>): void {
  const known = strangers?.approaches.find(({ person }) => people.has(person));
  if (known)
    throw new OperatingError(
      'KAIMON_STRANGER_KNOWN',
      `the stranger "${known.person}" is enrolled under the same name: take them out of --strangers or --gallery`,
    );
}

async function report(
  question: GateQuestion & Pick<EvaluationContext, 'networks'>,
  { gallery, photos, failedToEnrol, refused }: EnrolledPeople,
  { groups, knowledge: { config, curve }, replaced }: ShownApproaches,
  figures: GateFigures,
  unshown: number,
): Promise<Findings<GateResult>> {
  const { targetFpir, agree, of, margin } = config.decision;
  const { threshold, tooLarge } = chooseForVisits(curve, config.decision, gallery.templates);
  const set = {
    encoder: gallery.encoder,
    people: gallery.size,
    photos,
    failedToEnrol,
    refusedPhotos: refused.size,
    unshown,
  };
  const rule = { liveness: config.liveness.enabled, targetFpir, threshold, margin, agree, of, tooLarge };
  const approaches = (['probes', 'strangers', 'attacks'] as const).flatMap((part) =>
    (groups[part] ?? []).map((one) => ({ ...one, part })),
  );
  const facts = [
    `${set.encoder}: ${set.people} people enrolled with ${photos} photos, ${refused.size} photos refused${
      failedToEnrol.length > 0 ? `, not enrolled: ${failedToEnrol.join(', ')}` : ''
    }`,
    ...(unshown > 0
      ? [
          `left out: ${unshown} living approaches of people without another take, too short to enrol from one second and show another`,
        ]
      : []),
    `threshold ${threshold.toFixed(4)} for a target FPIR of ${targetFpir} by approach, means of ${agree} to ${of} frames, liveness ${rule.liveness ? 'on' : 'off'}`,
  ];
  const conditions = conditionsOf(question);
  if (question.report !== undefined) {
    const chart = grantsChart(
      groups.probes ?? [],
      [...(groups.strangers ?? []), ...(groups.attacks ?? [])],
      [...facts, conditions],
    );
    const folders = (['set', 'gallery', 'probes', 'strangers', 'attacks'] as const).flatMap((name) => {
      const folder = question[name];
      return folder === undefined ? [] : [[name, folder] as const];
    });
    await writeReport(question.report, [chart], (svgs) =>
      gateReport(
        [
          ...commonFacts(rule.liveness, question.networks),
          ...folders,
          ['conditions', conditions],
          ['gate', facts.join('; ')],
        ],
        figures,
        groups,
        svgs,
      ),
    );
  }
  return {
    figures: { ...set, ...rule, ...question.alteration, fps: question.fps, replaced, ...figures, approaches },
    lines: [
      ...facts,
      ...(isUnaltered(question.alteration) ? [] : [`conditions: ${conditions}`]),
      ...gateRows(figures).map(([what, rate, time, reasons]) => `${what}: ${rate}; time ${time}; refused: ${reasons}`),
      ...timesLines(figures),
      ...gateRemarks(figures),
      ...approaches.map((one) => `${PARTS[one.part]}${one.kind} ${one.name}: ${outcomeOf(one)}`),
      ...(question.report === undefined ? [] : [`report: ${question.report}`]),
    ],
  };
}

/** How the frames were spoiled, and whether those were that people are enrolled by. */
function conditionsOf({ set, alteration }: GateQuestion): string {
  const written = writtenAlteration(alteration);
  if (isUnaltered(alteration)) return written;
  return `${written}; people are enrolled by ${set === undefined ? 'their photos as they are' : 'frames spoiled the same way'}`;
}

/** The part in the line of an approach; an attack says by its kind what it is. */
const PARTS = { probes: 'enrolled, ', strangers: 'stranger, ', attacks: '' } as const;

function timesLines(figures: GateFigures): string[] {
  const table = timesTable(figures);
  return table ? table.rows.map((row) => `let in ${table.head.map((head, i) => `${head}: ${row[i]}`).join(', ')}`) : [];
}
