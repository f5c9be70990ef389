import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { fromEyeSchema } from '../eye/protocol.js';
import { cutChip, warpAligned, warpSquare } from '../face/chip.js';
import { squareAround } from '../face/geometry.js';
import { HaarProposer } from '../face/haar.js';
import type { LandmarkNetwork } from '../face/landmark-network.js';
import { fivePoints } from '../face/landmarks.js';
import { qualityOfAligned } from '../face/measure.js';
import type { Observation } from '../face/observation.js';
import { encodeMessage, MessageReader } from '../kit/framing.js';
import { useThreads } from '../kit/opencv/binding.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import { encodeVector } from '../kit/vector.js';
import type { ModelSet } from '../models/model-set.js';
import type { BenchFilms } from './film.js';
import { loadParts, observationOf, type Parts, type Prepared, prepare } from './prepared.js';
import { type Timing, timed } from './timer.js';

/** One stage, and the bare cascade or network in it. */
export interface Stage {
  readonly name: string;
  readonly whole: Timing;
  readonly bare: Timing | null;
}

export interface StageFigures {
  readonly stages: readonly Stage[];
  /** From a frame in memory to the Observation's bytes. */
  readonly totals: readonly { readonly faces: number; readonly whole: Timing }[];
  /** An Observation with one face, for the gate's side. */
  readonly observation: Observation;
}

/** Haar on one thread, then on as many as there are cores; leaves OpenCV with one. */
export async function benchOpenCvThreads(films: BenchFilms, { faces }: Config) {
  const haar = new HaarProposer(faces.haar);
  const { picture } = await decodePhoto(readFileSync(films.one[0] as string));
  useThreads(0);
  const all = await timed(() => haar.propose(picture));
  useThreads(1);
  const one = await timed(() => haar.propose(picture));
  picture.release();
  return { one, all };
}

/** Times every stage from a JPEG to the gate's door in this process; call it with OpenCV on one thread. */
export async function benchStages(films: BenchFilms, modelSet: ModelSet, config: Config): Promise<StageFigures> {
  const parts = await loadParts(modelSet, config.faces);
  const prepared: Prepared[] = [];
  for (const file of films.one) {
    const one = await prepare(parts, readFileSync(file));
    if (one) prepared.push(one);
  }
  const of = (run: number) => prepared[run % prepared.length] as Prepared;
  const observation = observationOf(parts, of(0).frame, await parts.meter.measure(of(0).frame));
  const stages = [...(await measuring(parts, of)), ...(await betweenProcesses(observation))];
  const totals = [];
  for (const [faces, files] of [
    [0, films.none],
    [1, films.one],
    [3, films.three],
  ] as const)
    totals.push({ faces, whole: await total(parts, files) });
  return { stages, totals, observation };
}

async function measuring(parts: Parts, of: (run: number) => Prepared): Promise<Stage[]> {
  const { haar, confirmer, landmarks, encoder, liveness, bare, options } = parts;
  const { scaleFactor, minNeighbors, minSizePx } = options;
  const first = of(0);
  const minSide = (minSizePx * first.grey.width) / first.frame.width;
  bare.confirmer.fill(first.frame.resize(bare.confirmer.input.width, bare.confirmer.input.height));
  bare.landmarks.fill(warpSquare(first.chip, squareAround(first.box, first.box.height), bare.landmarks.input.width));
  bare.encoder.fill(first.aligned);
  const stage = async (name: string, whole: (run: number) => unknown, alone?: (run: number) => unknown) => ({
    name,
    whole: await timed(whole),
    bare: alone ? await timed(alone) : null,
  });
  return [
    await stage('JPEG decode', async (run) => (await decodePhoto(of(run).jpeg)).picture.release()),
    await stage(
      'grey, resize, Haar cascade',
      (run) => haar.propose(of(run).frame),
      (run) => bare.cascade.detect(of(run).grey, { scaleFactor, minNeighbors, minSide }),
    ),
    await stage(
      'context crop, UltraFace',
      (run) => confirmer.confirm(of(run).frame, of(run).proposals),
      () => bare.confirmer.infer(),
    ),
    await stage(
      'chip, landmarks in two looks',
      (run) => landmarksOf(landmarks, of(run)),
      async () => {
        await bare.landmarks.infer();
        await bare.landmarks.infer();
      },
    ),
    await stage('quality', (run) => qualityOfAligned(of(run).aligned, fivePoints(of(run).landmarks))),
    await stage(
      'alignment, encoder',
      async (run) => {
        const { chip, landmarks: points } = of(run);
        const aligned = warpAligned(chip, points, encoder.template);
        const embedding = encodeVector(await encoder.encode(aligned));
        aligned.release();
        return embedding;
      },
      () => bare.encoder.infer(),
    ),
    ...(liveness ? [await stage('liveness by appearance', (run) => liveness.score(of(run).frame, of(run).box))] : []),
  ];
}

async function landmarksOf(network: LandmarkNetwork, { frame, box }: Prepared): Promise<void> {
  const chip = cutChip(frame, box);
  if (!chip) return;
  await network.find(chip, box);
  chip.picture.release();
}

/** What an Observation costs on its way from the eye to the gate. */
async function betweenProcesses(observation: Observation): Promise<Stage[]> {
  const bytes = encodeMessage(observation);
  const reader = new MessageReader();
  return [
    { name: 'eye: JSON, wire', whole: await timed(() => encodeMessage(observation)), bare: null },
    {
      name: 'gate: wire, JSON, schema',
      whole: await timed(() => {
        for (const { json } of reader.feed(bytes)) fromEyeSchema.parse(json);
      }),
      bare: null,
    },
  ];
}

async function total(parts: Parts, files: readonly string[]): Promise<Timing> {
  const frames: Picture[] = [];
  for (const file of files) frames.push((await decodePhoto(readFileSync(file))).picture);
  const figures = await timed(async (run) => {
    const frame = frames[run % frames.length] as Picture;
    return encodeMessage(observationOf(parts, frame, await parts.meter.measure(frame)));
  });
  for (const frame of frames) frame.release();
  return figures;
}
