import { join } from 'node:path';
import { monotonicMs } from '../../kit/clock.js';
import { OperatingError } from '../../kit/errors.js';
import { LIVENESS_RULE, limitsOf } from '../../liveness/liveness-rule.js';
import { scoresChart } from '../charts/approach-charts.js';
import type { EvaluationContext, Findings } from '../context.js';
import { type Alteration, writtenAlteration } from '../frames/alteration.js';
import { FrameReader } from '../frames/frame-reader.js';
import {
  type PresentationFile,
  type PresentationSet,
  readPresentations,
  takenAtMs,
  takesOf,
} from '../presentations.js';
import { commonFacts, prepareReport, writeReport } from '../report-file.js';
import { frameFigures, type JudgedStill, sourceFigures } from './frame-figures.js';
import { type JudgedTake, judgeTake, peopleFigures, type TimedLook, takeFigures } from './liveness-figures.js';
import { type LivenessFrame, livenessFrameSchema } from './liveness-protocol.js';
import { type LivenessResult, livenessReport, writtenError, writtenFrames } from './liveness-report.js';

/** What `kaimon evaluate liveness` is asked for. */
export interface LivenessQuestion {
  readonly alteration: Alteration;
  /** Only this kind of presentation. */
  readonly kind?: string;
  /** Frames measured in a second of a video. */
  readonly fps: number;
  /** How many frame numbers of a take are a second, where the set does not say it. */
  readonly takeFps: number;
  /** File for a report. */
  readonly report?: string;
}

/** Under which conditions, beside the question's own, the set was measured. */
interface Conditions extends Alteration {
  /** Processes that measured frames and had to be replaced. */
  readonly replaced: number;
}

/** What was made of every file of a set. */
interface Judged {
  readonly stills: readonly JudgedStill[];
  readonly takes: readonly JudgedTake[];
  readonly clips: readonly (JudgedTake & { readonly file: string })[];
}

/**
 * How often attacks pass and live faces do not, per frame, take, person and video of a set.
 * @throws OperatingError KAIMON_LIVENESS_SET, KAIMON_USAGE for a kind that the set does not hold, KAIMON_FILE_WRITE
 */
export async function evaluateLiveness(
  context: EvaluationContext,
  folder: string,
  question: LivenessQuestion,
): Promise<Findings<Conditions & LivenessResult>> {
  const { haar, confirm } = context.config.faces;
  const { alteration } = question;
  const set = ofKind(readPresentations(folder), question.kind);
  prepareReport(question.report);
  const program = new URL('./liveness-frames-main.js', import.meta.url);
  const reader = new FrameReader(
    program,
    { faces: { haar, confirm }, alteration, networks: context.networks },
    livenessFrameSchema,
  );
  const progress = context.startProgress('looking', set.stills.length + set.clips.length);
  try {
    const read = async ({ file }: PresentationFile, clip: boolean) => {
      const frames = await reader.read({ file: join(folder, file), clip, fps: question.fps });
      progress.step();
      return frames;
    };
    const judged = await judge(set, read, question.takeFps);
    return await report(
      folder,
      { ...question, networks: context.networks },
      { ...alteration, replaced: reader.replaced },
      judged,
    );
  } finally {
    progress.done();
    reader.stop();
  }
}

async function judge(
  set: PresentationSet,
  read: (file: PresentationFile, clip: boolean) => Promise<readonly LivenessFrame[]>,
  takeFps: number,
): Promise<Judged> {
  const faces = new Map<string, LivenessFrame['face']>();
  for (const still of set.stills) faces.set(still.file, (await read(still, false))[0]?.face ?? null);
  const clips: (JudgedTake & { file: string })[] = [];
  for (const clip of set.clips) {
    const looks = (await read(clip, true)).map(({ atMs, face }) => timed(atMs, face));
    clips.push({ file: clip.file, ...judgeTake(clip, looks) });
  }
  const takes = takesOf(set).map((take) => {
    const looks = take.map((still) => timed(takenAtMs(still, takeFps), faces.get(still.file)));
    return judgeTake(take[0] as PresentationFile, looks);
  });
  const stills = set.stills.map(
    ({ file, kind, person, source }): JudgedStill => ({ kind, person, source, liveness: faces.get(file)?.liveness }),
  );
  return { stills, takes, clips };
}

const timed = (atMs: number, face: LivenessFrame['face'] | undefined): TimedLook => ({
  atMs: monotonicMs(atMs),
  look: face ?? undefined,
});

function ofKind(set: PresentationSet, kind: string | undefined): PresentationSet {
  if (kind === undefined) return set;
  const wanted = (file: PresentationFile) => file.kind === kind;
  const found = { stills: set.stills.filter(wanted), clips: set.clips.filter(wanted) };
  if (found.stills.length + found.clips.length > 0) return found;
  const kinds = [...new Set([...set.stills, ...set.clips].map((file) => file.kind))].sort();
  throw new OperatingError('KAIMON_USAGE', `--kind ${kind} is not in the set: it holds ${kinds.join(', ')}`);
}

async function report(
  folder: string,
  question: LivenessQuestion & Pick<EvaluationContext, 'networks'>,
  conditions: Conditions,
  { stills, takes, clips }: Judged,
): Promise<Findings<Conditions & LivenessResult>> {
  const result = {
    ...conditions,
    frames: frameFigures(stills),
    sources: sourceFigures(stills),
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
  if (question.report !== undefined)
    await writeLivenessReport(question.report, { folder, networks: question.networks }, result, conditions, stills);
  return { figures: result, lines: linesOf(result) };
}

const linesOf = ({ frames, sources, takes, people, clips }: LivenessResult): readonly string[] => [
  ...Object.entries(frames).map(([kind, f]) => `frames ${kind}: ${writtenFrames(kind, f)}`),
  ...Object.entries(sources).flatMap(([source, kinds]) =>
    Object.entries(kinds).map(([kind, f]) => `source ${source} ${kind}: ${writtenFrames(kind, f)}`),
  ),
  ...Object.entries(takes).map(
    ([kind, f]) => `takes  ${kind}: ${f.granted} of ${f.n} granted: ${writtenError(kind, f.error)}`,
  ),
  ...Object.entries(people).map(
    ([kind, f]) => `people ${kind}: ${f.granted} of ${f.n} granted: ${writtenError(kind, f.error)}`,
  ),
  ...clips.map(
    ({ file, kind, atSeconds, reason }) =>
      `clip   ${kind} ${file}: ${atSeconds === null ? `refused, ${reason}` : `granted after ${atSeconds.toFixed(1)} s`}`,
  ),
];

const LIMITS = limitsOf(LIVENESS_RULE);
const FRAME_LIMITS = [
  { llr: LIMITS.picture, label: 'taken for a picture' },
  { llr: LIMITS.alive, label: 'alive' },
];

function writeLivenessReport(
  file: string,
  { folder, networks }: { readonly folder: string; readonly networks: string },
  result: LivenessResult,
  alteration: Alteration,
  stills: readonly JudgedStill[],
): Promise<void> {
  const scores = (wanted: (kind: string) => boolean) =>
    stills.flatMap(({ kind, liveness }) => (wanted(kind) && liveness ? [liveness] : []));
  const conditions = writtenAlteration(alteration);
  const chart = scoresChart(
    scores((kind) => kind === 'live'),
    scores((kind) => kind !== 'live'),
    FRAME_LIMITS,
    [conditions],
  );
  return writeReport(file, stills.length > 0 ? [chart] : [], (svgs) =>
    livenessReport([...commonFacts(true, networks), ['set', folder], ['conditions', conditions]], result, svgs),
  );
}
