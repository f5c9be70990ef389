import { join } from 'node:path';
import { loadManifest } from '../../models/model-files.js';
import { loadModels } from '../../models/model-set.js';
import { usableCurve } from '../../person/thresholds.js';
import type { EvaluationContext } from '../context.js';
import type { Alteration } from '../frames/alteration.js';
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

/** How the frames of approaches are measured: when, and spoiled how. */
export interface Measuring {
  /** Frames measured in a second of a video. */
  readonly fps: number;
  /** How many frame numbers of a take are a second, where the set does not say it. */
  readonly takeFps: number;
  readonly alteration: Alteration;
}

/** What came of all approaches. */
export interface ShownApproaches {
  readonly groups: ApproachGroups;
  readonly knowledge: GateKnowledge;
  /** Processes that measured frames and had to be replaced. */
  readonly replaced: number;
}

/** What measures approaches, and the gate's knowledge but for who is enrolled. */
export interface ApproachEye {
  readonly encoder: string;
  readonly dimension: number;
  readonly knowledge: Pick<GateKnowledge, 'config' | 'curve'>;
  /** The frames of an approach as the eye sees them, ascending in time. @param folder that its files lie in */
  measure(approach: Approach, folder: string): Promise<SeenFrame[]>;
  /** Processes that ended before their time. */
  readonly replaced: () => number;
  stop(): void;
}

/**
 * Starts what measures frames as the eye would. @param mirrored measures templates as well, to enrol people by frames
 * @throws OperatingError when networks are missing, or the encoder's error rates were never measured
 */
export async function openApproachEye(
  { config, calibrationFile, networks }: EvaluationContext,
  { fps, takeFps, alteration }: Measuring,
  mirrored = false,
): Promise<ApproachEye> {
  const choice = { encoder: config.encoder, liveness: config.liveness.enabled };
  const { models, curve, encoder, dimension } = await loadModels(
    loadManifest(undefined, networks),
    choice,
    calibrationFile,
  );
  const program = new URL('./gate-frames-main.js', import.meta.url);
  const reader = new FrameReader(program, { faces: config.faces, models, mirrored, alteration }, seenFrameSchema);
  return {
    encoder,
    dimension,
    knowledge: { config, curve: usableCurve(curve, encoder, config.decision.threshold) },
    async measure({ files, clip }, folder) {
      const frames: SeenFrame[] = [];
      for (const one of files) {
        const startMs = clip ? 0 : takenAtMs(one, takeFps);
        const goesOn = one !== files[0];
        const seen = await reader.read({ file: join(folder, one.file), clip, fps, startMs, goesOn });
        for (const frame of seen) frames.push({ ...frame, atMs: startMs + frame.atMs });
      }
      return frames;
    },
    replaced: () => reader.replaced,
    stop: () => reader.stop(),
  };
}

/**
 * Measures every approach as the eye would and shows each to a gate of its own, one after the other.
 * @throws OperatingError when networks are missing, the encoder's error rates were never measured, or a file cannot be used
 */
export async function showApproaches(
  context: EvaluationContext,
  { gallery, people }: EnrolledPeople,
  sets: ApproachSets,
  how: Measuring,
): Promise<ShownApproaches> {
  const eye = await openApproachEye(context, how);
  const knowledge = { ...eye.knowledge, gallery, people };
  const total = Object.values(sets).reduce((sum, set) => sum + (set?.approaches.length ?? 0), 0);
  const progress = context.startProgress('approaching', total);
  const show = async (set: ApproachSet | undefined) => {
    if (!set) return undefined;
    const judged: JudgedApproach[] = [];
    for (const approach of set.approaches) {
      judged.push(showApproach(approach, await eye.measure(approach, set.folder), knowledge));
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
    return { groups, knowledge, replaced: eye.replaced() };
  } finally {
    progress.done();
    eye.stop();
  }
}
