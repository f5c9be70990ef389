import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { OnnxEncoder } from '../face/encoder.js';
import { Attention } from '../face/following/attention.js';
import type { Pace } from '../face/following/plan.js';
import { HaarProposer } from '../face/haar.js';
import { LandmarkNetwork } from '../face/landmark-network.js';
import { FaceMeter, type MeterParts } from '../face/measure.js';
import { Network } from '../face/network.js';
import { UltraFace } from '../face/ultraface.js';
import { monotonicMs } from '../kit/clock.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import { AppearanceNetworks } from '../liveness/appearance-networks.js';
import type { ModelSet } from '../models/model-set.js';
import type { BenchFilms } from './film.js';

/** What ran, in the order of a frame. */
const STAGES = ['cascade', 'UltraFace', 'landmarks', 'encoder', 'liveness'] as const;
export type Runs = Readonly<Record<(typeof STAGES)[number], number>>;

/** Who is before the camera, and what everything or only what is needed costs there. */
export interface AttentionFigures {
  readonly scene: string;
  /** Of a hundred frames; `whole`: on how many everything was measured. */
  readonly needed: Runs & { readonly whole: number };
  readonly full: Runs & { readonly whole: number };
  /** CPU time of the process a frame, mean, milliseconds. */
  readonly neededMs: number;
  readonly fullMs: number;
}

/** Frames of a camera. */
const FPS = 15;
/** Each scene is shown so often, in turns with everything measured and only what is needed. */
const ROUNDS = 2;

/** Shows scenes of a hundred frames at the pace of a camera: where nothing is left to decide the gate says so. */
export async function benchAttention(
  films: BenchFilms,
  { models }: ModelSet,
  faces: Config['faces'],
): Promise<AttentionFigures[]> {
  const { meter, runs } = await countingMeter(models, faces);
  const scenes = [
    { scene: 'nobody', files: films.none, settles: false },
    { scene: 'one face, settled', files: films.one, settles: true },
    { scene: 'one face, deciding', files: films.one, settles: false },
    { scene: 'three faces, settled', files: films.three, settles: true },
    { scene: 'three faces, deciding', files: films.three, settles: false },
  ];
  const figures: AttentionFigures[] = [];
  for (const { scene, files, settles } of scenes) {
    const frames: Picture[] = [];
    for (const file of files) frames.push((await decodePhoto(readFileSync(file))).picture);
    const sums = { needed: NOTHING, full: NOTHING };
    for (let round = 0; round < ROUNDS; round++)
      for (const everyFrame of ['full', 'needed'] as const)
        sums[everyFrame] = add(
          sums[everyFrame],
          await show(meter, runs, frames, { ...faces.pace, everyFrame }, settles),
        );
    for (const frame of frames) frame.release();
    const { needed, full } = { needed: mean(sums.needed, files.length), full: mean(sums.full, files.length) };
    figures.push({ scene, needed: needed.runs, full: full.runs, neededMs: needed.cpuMs, fullMs: full.cpuMs });
  }
  return figures;
}

interface Sum {
  readonly runs: AttentionFigures['full'];
  readonly cpuMs: number;
}
const NO_RUNS = { cascade: 0, UltraFace: 0, landmarks: 0, encoder: 0, liveness: 0 };
const NOTHING: Sum = { runs: { ...NO_RUNS, whole: 0 }, cpuMs: 0 };

const eachRun = (of: (stage: keyof Sum['runs']) => number): Sum['runs'] => ({
  cascade: of('cascade'),
  UltraFace: of('UltraFace'),
  landmarks: of('landmarks'),
  encoder: of('encoder'),
  liveness: of('liveness'),
  whole: of('whole'),
});
const add = (a: Sum, b: Sum): Sum => ({
  runs: eachRun((stage) => a.runs[stage] + b.runs[stage]),
  cpuMs: a.cpuMs + b.cpuMs,
});
const mean = ({ runs, cpuMs }: Sum, frames: number): Sum => ({
  runs: eachRun((stage) => (100 * runs[stage]) / (ROUNDS * frames)),
  cpuMs: cpuMs / (ROUNDS * frames),
});

async function show(
  meter: FaceMeter,
  runs: Record<(typeof STAGES)[number], number>,
  frames: readonly Picture[],
  pace: Pace,
  settles: boolean,
): Promise<Sum> {
  const attention = new Attention(meter, pace);
  Object.assign(runs, NO_RUNS);
  let whole = 0;
  const before = process.cpuUsage();
  for (const [i, frame] of frames.entries()) {
    const { faces, followed } = await attention.watch(frame, monotonicMs((i * 1000) / FPS));
    if (followed) continue;
    whole += 1;
    if (settles) attention.settle(faces.flatMap(({ number }) => (number === undefined ? [] : [number])));
  }
  const { user, system } = process.cpuUsage(before);
  return { runs: { ...runs, whole }, cpuMs: (user + system) / 1000 };
}

/** The eye's own meter, with a count of what runs. */
async function countingMeter(models: ModelSet['models'], { haar, confirm, max }: Config['faces']) {
  const runs: Record<(typeof STAGES)[number], number> = { ...NO_RUNS };
  const counted = (network: Network, stage: (typeof STAGES)[number]): Pick<Network, 'input' | 'run'> => ({
    input: network.input,
    run: (picture) => {
      runs[stage] += 1;
      return network.run(picture);
    },
  });
  const proposer = new HaarProposer(haar);
  const confirmer = await Network.load(models.confirmer.file, models.confirmer.input);
  const landmarks = await Network.load(models.landmarks.file, models.landmarks.input);
  const encoder = await OnnxEncoder.load(models.encoder);
  const liveness = await AppearanceNetworks.load(models.liveness);
  const parts: MeterParts = {
    haar: {
      propose: (frame) => {
        runs.cascade += 1;
        return proposer.propose(frame);
      },
    },
    confirmer: new UltraFace(counted(confirmer, 'UltraFace'), confirm),
    landmarks: new LandmarkNetwork(counted(landmarks, 'landmarks')),
    encoder: {
      id: encoder.id,
      template: encoder.template,
      dimension: encoder.dimension,
      encode: (aligned) => {
        runs.encoder += 1;
        return encoder.encode(aligned);
      },
    },
    liveness: {
      score: (frame, box) => {
        runs.liveness += 1;
        return liveness.score(frame, box);
      },
    },
  };
  return { meter: new FaceMeter(parts, max), runs };
}
