import { join } from 'node:path';
import { Command } from 'commander';
import { type CommonOptions, contextOf, example, print } from '../../cli/context.js';
import { wholeNumber } from '../../cli/options.js';
import { Progress } from '../../cli/progress.js';
import { monotonicMs } from '../../kit/clock.js';
import { OperatingError } from '../../kit/errors.js';
import { ALIVE_SCORE, LIVENESS_RULE } from '../../liveness/verdict.js';
import { scoresChart } from '../charts/approach-charts.js';
import { lookForLiveness } from '../frames/frame-reader.js';
import { CLIP_FPS_MAX } from '../frames/protocol.js';
import { type PresentationSet, readPresentations, type Shown, takesOf } from '../presentations.js';
import { commonFacts, prepareReport, reportOption, writeReport } from '../report-file.js';
import {
  frameFigures,
  type JudgedStill,
  type JudgedTake,
  judgeTake,
  peopleFigures,
  type TimedLook,
  takeFigures,
} from './liveness-figures.js';
import type { FileLook } from './liveness-protocol.js';
import { type LivenessResult, livenessReport, writtenError } from './liveness-report.js';

interface Options extends CommonOptions {
  readonly noise: string;
  readonly dim: string;
  readonly kind?: string;
  readonly fps: number;
  readonly takeFps: number;
  readonly report?: string;
}

/** `kaimon evaluate liveness`: how often attacks pass and live faces do not. */
export function livenessSubcommand(): Command {
  return new Command('liveness')
    .description('attacks let through and live faces refused, by kind: per frame, take, person and clip')
    .argument('<dir>', 'a set: manifest.csv, or folders live/, print/, replay/ … of pictures, takes and videos')
    .option('--kind <kind>', 'only this kind, for example print')
    .option('--noise <sd>', 'adds pixel noise of this standard deviation to every frame', '0')
    .option('--dim <factor>', 'multiplies every pixel: 0.25 is a quarter of the light', '1')
    .option('--fps <n>', 'frames looked at in a second of a video', wholeNumber(1, CLIP_FPS_MAX), 8)
    .option('--take-fps <n>', 'how many frame numbers of a take are a second', wholeNumber(1, 240), 20)
    .addOption(reportOption())
    .addHelpText('after', example('kaimon evaluate liveness attacks/', 'kaimon evaluate liveness attacks/ --noise 10'))
    .action(async (dir: string, _own, command: Command) => evaluateLiveness(dir, command.optsWithGlobals<Options>()));
}

async function evaluateLiveness(dir: string, options: Options): Promise<void> {
  const alteration = { noise: within('--noise', options.noise, 0, 128), dim: within('--dim', options.dim, 0, 4) };
  const { haar, confirm } = contextOf(options).config.faces;
  const set = ofKind(readPresentations(dir), options.kind);
  prepareReport(options.report);
  const looking = lookForLiveness({ faces: { haar, confirm }, alteration });
  const progress = new Progress('looking', set.stills.length + set.clips.length);
  try {
    const look = async ({ file }: Shown, clip: boolean) => {
      const looks = await looking.look({ file: join(dir, file), clip, fps: options.fps });
      progress.step();
      return looks;
    };
    const seen = new Map<string, FileLook['face']>();
    for (const still of set.stills) seen.set(still.file, (await look(still, false))[0]?.face ?? null);
    const clips: (JudgedTake & { file: string })[] = [];
    for (const clip of set.clips) {
      const looks = (await look(clip, true)).map(({ atMs, face }) => timed(atMs, face));
      clips.push({ file: clip.file, ...judgeTake(clip, looks) });
    }
    const takes = takesOf(set).map((take) => {
      const looks = take.map(({ file, frame }) => timed((frame * 1000) / options.takeFps, seen.get(file)));
      return judgeTake(take[0] as Shown, looks);
    });
    const stills = set.stills.map(
      ({ file, kind, person }): JudgedStill => ({ kind, person, liveness: seen.get(file)?.liveness }),
    );
    await report(dir, options, { ...alteration, replaced: looking.replaced }, stills, takes, clips);
  } finally {
    progress.done();
    looking.stop();
  }
}

const timed = (atMs: number, face: FileLook['face'] | undefined): TimedLook => ({
  atMs: monotonicMs(atMs),
  look: face ?? undefined,
});

function within(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high) return value;
  throw new OperatingError('KAIMON_USAGE', 'usage', `${name} is "${text}": a number from ${low} to ${high} is needed`);
}

function ofKind(set: PresentationSet, kind: string | undefined): PresentationSet {
  if (kind === undefined) return set;
  const wanted = (shown: Shown) => shown.kind === kind;
  const found = { stills: set.stills.filter(wanted), clips: set.clips.filter(wanted) };
  if (found.stills.length + found.clips.length > 0) return found;
  const kinds = [...new Set([...set.stills, ...set.clips].map((shown) => shown.kind))].sort();
  throw new OperatingError('KAIMON_USAGE', 'usage', `--kind ${kind} is not in the set: it holds ${kinds.join(', ')}`);
}

async function report(
  dir: string,
  options: Options,
  conditions: Readonly<Record<'noise' | 'dim' | 'replaced', number>>,
  stills: readonly JudgedStill[],
  takes: readonly JudgedTake[],
  clips: readonly (JudgedTake & { readonly file: string })[],
): Promise<void> {
  const result = {
    ...conditions,
    frames: frameFigures(stills),
    takes: takeFigures(takes),
    people: peopleFigures([...takes, ...clips]),
    clips: clips.map(({ file, kind, atSeconds, reason }) => ({
      file,
      kind,
      granted: atSeconds !== null,
      atSeconds,
      reason,
    })),
  };
  if (options.report !== undefined) await writeLivenessReport(options.report, dir, result, conditions, stills);
  print(options, result, [
    ...Object.entries(result.frames).map(
      ([kind, f]) =>
        `frames ${kind}: ${f.accepted} of ${f.n - f.noFace} accepted, ${f.unknown} unknown, ${f.noFace} without a face: ${writtenError(kind, f.error)}`,
    ),
    ...Object.entries(result.takes).map(
      ([kind, f]) => `takes  ${kind}: ${f.granted} of ${f.n} granted: ${writtenError(kind, f.error)}`,
    ),
    ...Object.entries(result.people).map(
      ([kind, f]) => `people ${kind}: ${f.granted} of ${f.n} granted: ${writtenError(kind, f.error)}`,
    ),
    ...result.clips.map(
      ({ file, kind, atSeconds, reason }) =>
        `clip   ${kind} ${file}: ${atSeconds === null ? `refused, ${reason}` : `granted after ${atSeconds.toFixed(1)} s`}`,
    ),
  ]);
}

const SCORE_LIMITS = [
  { score: LIVENESS_RULE.spoofBelow, label: 'clearly a picture below' },
  { score: ALIVE_SCORE, label: 'means alive above' },
];

function writeLivenessReport(
  file: string,
  dir: string,
  result: LivenessResult,
  { noise, dim }: Readonly<Record<'noise' | 'dim', number>>,
  stills: readonly JudgedStill[],
): Promise<void> {
  const scores = (wanted: (kind: string) => boolean) =>
    stills.flatMap(({ kind, liveness }) => (wanted(kind) && liveness ? [liveness] : []));
  const conditions = `noise of sd ${noise} added, light times ${dim}`;
  const chart = scoresChart(
    scores((kind) => kind === 'live'),
    scores((kind) => kind !== 'live'),
    SCORE_LIMITS,
    [conditions],
  );
  return writeReport(file, stills.length > 0 ? [chart] : [], (svgs) =>
    livenessReport([...commonFacts(true), ['set', dir], ['conditions', conditions]], result, svgs),
  );
}
