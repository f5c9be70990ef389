import { join } from 'node:path';
import { Command } from 'commander';
import { type CommonOptions, type Context, contextOf, example, print } from '../../cli/context.js';
import { wholeNumber } from '../../cli/options.js';
import { Progress } from '../../cli/progress.js';
import { OperatingError } from '../../kit/errors.js';
import { loadManifest } from '../../models/model-files.js';
import { equip } from '../../models/model-set.js';
import { chooseThreshold, usableCurve } from '../../person/thresholds.js';
import { grantsChart } from '../charts/approach-charts.js';
import { lookAsTheEye } from '../frames/frame-reader.js';
import { CLIP_FPS_MAX } from '../frames/protocol.js';
import { readPeople, readPresentations } from '../presentations.js';
import { commonFacts, prepareReport, reportOption, writeReport } from '../report-file.js';
import { type EnrolledPeople, enrolFolder } from './approach-gallery.js';
import { type GateKnowledge, showApproach } from './approach-gate.js';
import { type Approach, approachesOf, type JudgedApproach } from './approaches.js';
import { type ApproachGroups, type GateFigures, gateFigures } from './gate-figures.js';
import type { SeenFrame } from './gate-protocol.js';
import { gateRemarks, gateReport, gateRows, outcomeOf } from './gate-report.js';

interface Options extends CommonOptions {
  readonly gallery: string;
  readonly probes?: string;
  readonly strangers?: string;
  readonly attacks?: string;
  readonly encoder?: string;
  readonly liveness: boolean;
  readonly fps: number;
  readonly takeFps: number;
  readonly report?: string;
}

/** `kaimon evaluate gate`: whole approaches through the very gate of the daemon. */
export function gateSubcommand(): Command {
  return new Command('gate')
    .description('whole approaches: strangers and attacks let in, enrolled people not let in, time to decision')
    .requiredOption('--gallery <dir>', 'who is enrolled: PERSON/PHOTO.jpg')
    .option('--probes <dir>', 'approaches of the same people: PERSON/TAKE/frames, PERSON/video or PERSON.mp4')
    .option('--strangers <dir>', 'approaches of others, in the same form')
    .option('--attacks <dir>', 'approaches with pictures and screens: KIND/TAKE/frames, KIND/video, or manifest.csv')
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .option('--no-liveness', 'for sets of crops that leave no room around the face')
    .option('--fps <n>', 'frames looked at in a second of a video', wholeNumber(1, CLIP_FPS_MAX), 8)
    .option('--take-fps <n>', 'how many frame numbers of a take are a second', wholeNumber(1, 240), 20)
    .addOption(reportOption())
    .addHelpText(
      'after',
      example('kaimon evaluate gate --gallery staff/ --probes arriving/ --strangers street/ --report gate.html'),
    )
    .action(async (_own, command: Command) => evaluateGate(command.optsWithGlobals<Options>()));
}

async function evaluateGate(options: Options): Promise<void> {
  const read = {
    probes: options.probes === undefined ? undefined : approachesOf(readPeople(options.probes)),
    strangers: options.strangers === undefined ? undefined : approachesOf(readPeople(options.strangers)),
    attacks:
      options.attacks === undefined
        ? undefined
        : approachesOf(readPresentations(options.attacks)).filter(({ kind }) => kind !== 'live'),
  };
  if (!read.probes && !read.strangers && !read.attacks)
    throw new OperatingError(
      'KAIMON_USAGE',
      'usage',
      'nobody comes to the gate: give --probes, --strangers, --attacks',
    );
  const context = contextOf(options, {
    encoder: options.encoder,
    'liveness.enabled': options.liveness ? undefined : false,
  });
  prepareReport(options.report);
  const enrolled = await enrolFolder(context, options.gallery);
  assertApart(read.strangers ?? [], enrolled.people);
  const { groups, knowledge, replaced } = await showAll(context, enrolled, read, options);
  const { config } = context;
  const figures = gateFigures(groups, config.decision.agree, new Set(enrolled.people.keys()));
  await report(options, { config, enrolled, knowledge, figures, groups, replaced });
}

/** A stranger of the same name as somebody enrolled is a mistake in the set. */
function assertApart(strangers: readonly Approach[], people: ReadonlyMap<string, unknown>): void {
  const known = strangers.find(({ person }) => people.has(person));
  if (known)
    throw new OperatingError(
      'KAIMON_STRANGER_KNOWN',
      'input',
      `the stranger "${known.person}" is enrolled under the same name: take him out of --strangers or --gallery`,
    );
}

async function showAll(
  context: Context,
  { gallery, people }: EnrolledPeople,
  read: Readonly<Record<keyof ApproachGroups, readonly Approach[] | undefined>>,
  options: Options,
): Promise<{ groups: ApproachGroups; knowledge: GateKnowledge; replaced: number }> {
  const { config, calibrationFile } = context;
  const { encoder, liveness } = config;
  const { models, curve } = await equip(loadManifest(), { encoder, liveness: liveness.enabled }, calibrationFile);
  const byHand = config.decision.threshold;
  const knowledge = { config, curve: usableCurve(curve, gallery.encoder, byHand), gallery, people };
  const total = Object.values(read).reduce((sum, all) => sum + (all?.length ?? 0), 0);
  const progress = new Progress('approaching', total);
  const { haar, confirm, max } = config.faces;
  const looking = lookAsTheEye({ faces: { haar, confirm, max }, models });
  const showGroup = async (approaches: readonly Approach[] | undefined, folder = '') => {
    if (!approaches) return undefined;
    const judged: JudgedApproach[] = [];
    for (const approach of approaches) {
      const frames: SeenFrame[] = [];
      for (const { file, frame } of approach.files) {
        const looks = await looking.look({ file: join(folder, file), clip: approach.clip, fps: options.fps });
        const atMs = approach.clip ? 0 : (frame * 1000) / options.takeFps;
        for (const look of looks) frames.push({ ...look, atMs: atMs + look.atMs });
      }
      judged.push(showApproach(approach, frames, knowledge));
      progress.step();
    }
    return judged;
  };
  try {
    const groups = {
      probes: await showGroup(read.probes, options.probes),
      strangers: await showGroup(read.strangers, options.strangers),
      attacks: await showGroup(read.attacks, options.attacks),
    };
    return { groups, knowledge, replaced: looking.replaced };
  } finally {
    progress.done();
    looking.stop();
  }
}

interface Findings {
  readonly config: Context['config'];
  readonly enrolled: EnrolledPeople;
  readonly knowledge: GateKnowledge;
  readonly figures: GateFigures;
  readonly groups: ApproachGroups;
  readonly replaced: number;
}

async function report(options: Options, findings: Findings): Promise<void> {
  const { config, enrolled, knowledge, figures, groups, replaced } = findings;
  const { gallery, photos, failedToEnrol, refused } = enrolled;
  const { targetFpir, threshold: byHand, agree, of, margin } = config.decision;
  const { threshold, tooLarge } = chooseThreshold(knowledge.curve, targetFpir, gallery.templates, byHand);
  const set = { encoder: gallery.encoder, people: gallery.size, photos, failedToEnrol, refusedPhotos: refused.size };
  const rule = { liveness: config.liveness.enabled, targetFpir, threshold, margin, agree, of, tooLarge };
  const approaches = [groups.probes, groups.strangers, groups.attacks].flatMap((group) => group ?? []);
  const facts = [
    `${set.encoder}: ${set.people} people enrolled with ${photos} photos, ${refused.size} photos refused${
      failedToEnrol.length > 0 ? `, not enrolled: ${failedToEnrol.join(', ')}` : ''
    }`,
    `threshold ${threshold.toFixed(4)} for a target FPIR of ${targetFpir}, ${agree} of ${of} frames, liveness ${rule.liveness ? 'on' : 'off'}`,
  ];
  if (options.report !== undefined) {
    const chart = grantsChart(groups.probes ?? [], [...(groups.strangers ?? []), ...(groups.attacks ?? [])], facts);
    const sets = [options.gallery, options.probes, options.strangers, options.attacks];
    const named = ['gallery', 'probes', 'strangers', 'attacks'].flatMap((name, i) =>
      sets[i] === undefined ? [] : [[name, sets[i] as string] as const],
    );
    await writeReport(options.report, [chart], (svgs) =>
      gateReport([...commonFacts(rule.liveness), ...named, ['gate', facts.join('; ')]], figures, groups, svgs),
    );
  }
  print(options, { ...set, ...rule, fps: options.fps, replaced, ...figures, approaches }, [
    ...facts,
    ...gateRows(figures).map(([what, rate, time, reasons]) => `${what}: ${rate}; time ${time}; refused: ${reasons}`),
    ...gateRemarks(figures),
    ...approaches.map((one) => `${one.kind} ${one.name}: ${outcomeOf(one)}`),
    ...(options.report === undefined ? [] : [`report: ${options.report}`]),
  ]);
}
