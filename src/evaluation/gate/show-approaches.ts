import { join } from 'node:path';
import { loadManifest } from '../../models/model-files.js';
import { loadModels } from '../../models/model-set.js';
import { usableCurve } from '../../person/thresholds.js';
import type { EvaluationContext } from '../context.js';
import { FrameReader } from '../frames/frame-reader.js';
import { takenAtMs } from '../presentations.js';
import type { EnrolledPeople } from './approach-gallery.js';
import { type GateKnowledge, showApproach } from './approach-gate.js';
import type { Approach, JudgedApproach } from './approaches.js';
import type { ApproachGroups } from './gate-figures.js';
import { type SeenFrame, seenFrameSchema } from './gate-protocol.js';

/** Approaches of one kind, and the folder that their files lie in. */
export interface ApproachSet {
  readonly folder: string;
  readonly approaches: readonly Approach[];
}

/** By group; undefined: the group was not given. */
export type ApproachSets = Readonly<Record<keyof ApproachGroups, ApproachSet | undefined>>;

/** How often frames are measured. */
export interface FrameRates {
  /** Frames measured in a second of a video. */
  readonly fps: number;
  /** How many frame numbers of a take are a second, where the set does not say it. */
  readonly takeFps: number;
}

/** What came of all approaches. */
export interface ShownApproaches {
  readonly groups: ApproachGroups;
  readonly knowledge: GateKnowledge;
  /** Processes that measured frames and had to be replaced. */
  readonly replaced: number;
}

/**
 * Measures every approach as the eye would and shows each to a gate of its own, one after the other.
 * @throws OperatingError when networks are missing, the encoder's error rates were never measured, or a file cannot be used
 */
export async function showApproaches(
  context: EvaluationContext,
  { gallery, people }: EnrolledPeople,
  sets: ApproachSets,
  rates: FrameRates,
): Promise<ShownApproaches> {
  const { config, calibrationFile } = context;
  const { encoder, liveness } = config;
  const { models, curve } = await loadModels(loadManifest(), { encoder, liveness: liveness.enabled }, calibrationFile);
  const knowledge = {
    config,
    curve: usableCurve(curve, gallery.encoder, config.decision.threshold),
    gallery,
    people,
  };
  const total = Object.values(sets).reduce((sum, set) => sum + (set?.approaches.length ?? 0), 0);
  const progress = context.startProgress('approaching', total);
  const { haar, confirm, max } = config.faces;
  const program = new URL('./gate-frames-main.js', import.meta.url);
  const reader = new FrameReader(program, { faces: { haar, confirm, max }, models }, seenFrameSchema);
  const show = async (set: ApproachSet | undefined) => {
    if (!set) return undefined;
    const judged: JudgedApproach[] = [];
    for (const approach of set.approaches) {
      judged.push(showApproach(approach, await framesOf(approach, set.folder, reader, rates), knowledge));
      progress.step();
    }
    return judged;
  };
  try {
    const groups = {
      probes: await show(sets.probes),
      strangers: await show(sets.strangers),
      attacks: await show(sets.attacks),
    };
    return { groups, knowledge, replaced: reader.replaced };
  } finally {
    progress.done();
    reader.stop();
  }
}

async function framesOf(
  { files, clip }: Approach,
  folder: string,
  reader: FrameReader<unknown, SeenFrame>,
  { fps, takeFps }: FrameRates,
): Promise<SeenFrame[]> {
  const frames: SeenFrame[] = [];
  for (const one of files) {
    const { file } = one;
    const startMs = clip ? 0 : takenAtMs(one, takeFps);
    const seen = await reader.read({ file: join(folder, file), clip, fps });
    for (const frame of seen) frames.push({ ...frame, atMs: startMs + frame.atMs });
  }
  return frames;
}
