import { NEWEST_SLACK } from '../../access/identify.js';
import { OperatingError } from '../../kit/errors.js';
import { seeded } from '../../kit/seeded-random.js';
import { loadManifest } from '../../models/model-files.js';
import { loadModels } from '../../models/model-set.js';
import { chooseForVisits, chooseThreshold, type ThresholdCurve, usableCurve } from '../../person/thresholds.js';
import { identifyCharts } from '../charts/charts.js';
import { makePlotFolder, writePlots } from '../charts/plot-files.js';
import type { EvaluationContext, Findings } from '../context.js';
import { listImages, measureAll, personOf } from './image-set.js';
import {
  type CountedRate,
  drawGallery,
  drawOpenSet,
  gatherByPerson,
  largestGallery,
  type OpenSetFigures,
  openSetFigures,
} from './open-set.js';
import { type PhotoApproachFigures, photoApproaches } from './photo-approaches.js';

/** What `kaimon evaluate identify` is asked for. */
export interface IdentifyQuestion {
  /** People enrolled. */
  readonly gallerySize: number;
  /** Share of strangers taken for an enrolled person; none: that of the configuration. */
  readonly targetFpir?: number;
  /** How many galleries are drawn, from which seed. */
  readonly draws: number;
  readonly seed: number;
  readonly workers: number;
  /** Numbers of photos of a person that come as the frames of one approach; none: each photo is judged alone. */
  readonly frames?: readonly number[];
  /** Folder for charts. */
  readonly plot?: string;
}

/** Approaches of so many photos of one person. */
interface ApproachFigures extends PhotoApproachFigures {
  readonly frames: number;
  readonly agree: number;
  readonly threshold: number;
}

/** What `evaluate identify` measured. */
export interface IdentifyResult extends OpenSetFigures {
  readonly encoder: string;
  readonly people: number;
  readonly images: number;
  readonly detected: number;
  readonly gallerySize: number;
  readonly draws: number;
  readonly seed: number;
  readonly targetFpir: number;
  readonly threshold: number;
  readonly margin: number;
  readonly tooLarge: boolean;
  /** For each number of photos that was asked for. */
  readonly approaches: readonly ApproachFigures[];
}

/**
 * How often a gate of a given size errs about strangers and about its own people, over galleries drawn from a folder.
 * @throws OperatingError KAIMON_IMAGES, KAIMON_GALLERY_SIZE, KAIMON_FILE_WRITE, or when the eye cannot work
 */
export async function evaluateIdentify(
  context: EvaluationContext,
  folder: string,
  question: IdentifyQuestion,
): Promise<Findings<IdentifyResult>> {
  const { gallerySize, draws: drawCount, seed, plot } = question;
  const { margin, ...decision } = context.config.decision;
  const targetFpir = question.targetFpir ?? decision.targetFpir;
  const images = listImages(folder);
  assertGallery(folder, gallerySize, images);
  const curve = await curveFor(context);
  const { threshold, tooLarge } = chooseThreshold(curve, targetFpir, gallerySize, decision.threshold);
  makePlotFolder(plot);

  const { samples, encoder } = await measureAll(context, images, question.workers);
  const people = gatherByPerson(samples.values());
  const random = seeded(seed);
  const progress = context.startProgress('comparing', drawCount);
  const draws = Array.from({ length: drawCount }, () => {
    const draw = drawOpenSet(people, gallerySize, encoder, random);
    progress.step();
    return draw;
  });
  progress.done();
  const figures = openSetFigures(draws, { threshold, margin }, random);
  const detected = [...samples.values()].filter(({ embedding }) => embedding).length;
  const set = { encoder, people: people.length, images: samples.size, detected };
  const approaches = (question.frames ?? []).map((frames): ApproachFigures => {
    // An approach of fewer photos than the gate waits for is decided by all of them.
    const agree = Math.min(decision.agree, frames);
    const limit = chooseForVisits(curve, { ...decision, targetFpir, agree }, gallerySize).threshold;
    const galleries = Array.from({ length: drawCount }, () => drawGallery(people, gallerySize, encoder, random));
    const rule = { frames, agree, threshold: limit, margin, newestSlack: NEWEST_SLACK };
    return { frames, agree, threshold: limit, ...photoApproaches(galleries, rule, random) };
  });
  const result = {
    ...set,
    gallerySize,
    draws: drawCount,
    seed,
    targetFpir,
    threshold,
    margin,
    tooLarge,
    ...figures,
    approaches,
  };
  const rule = { gallerySize, targetFpir, threshold, margin };
  const plots = plot ? await writePlots(plot, identifyCharts({ ...set, photos: samples.size }, draws, rule)) : [];
  return { figures: result, lines: [...linesOf(result), ...plots.map((file) => `drawn: ${file}`)] };
}

/** Comes before the minutes of measuring. @throws OperatingError when the encoder's error rates were never measured */
async function curveFor({ config, calibrationFile, networks }: EvaluationContext): Promise<ThresholdCurve> {
  const choice = { encoder: config.encoder, liveness: false };
  const { curve, encoder } = await loadModels(loadManifest(undefined, networks), choice, calibrationFile);
  return usableCurve(curve, encoder, config.decision.threshold);
}

function assertGallery(dir: string, gallerySize: number, images: ReadonlyMap<string, string>): void {
  const people = gatherByPerson([...images.keys()].map((name) => ({ person: personOf(name), embedding: undefined })));
  const largest = largestGallery(people);
  if (gallerySize <= largest) return;
  const allowed = largest === 0 ? 'no gallery can be drawn from it' : `1 to ${largest} are allowed`;
  const several = people.filter(({ photos }) => photos.length >= 2).length;
  throw new OperatingError(
    'KAIMON_GALLERY_SIZE',
    `a gallery of ${gallerySize} is too large for ${dir} with ${people.length} people, ${several} of whom have two or more photos: ${allowed} (one photo is enrolled, the others are tried, and somebody must be left as a stranger)`,
  );
}

function linesOf(result: IdentifyResult): readonly string[] {
  const { fpir, fnir, misidentified, missed } = result;
  return [
    `${result.encoder}: a face was found on ${result.detected} of ${result.images} photos of ${result.people} people`,
    `${result.draws} galleries of ${result.gallerySize} people, one photo each; threshold ${result.threshold.toFixed(4)} for a target FPIR of ${result.targetFpir}, margin ${result.margin}`,
    `strangers taken for somebody (FPIR): ${written(fpir)}`,
    `own people not recognised (FNIR): ${written(fnir)}`,
    `  too far ${missed.nobody}, two people too close ${missed.ambiguous}, no face ${missed.noFace}, taken for another ${missed.misidentified}`,
    `own people taken for another: ${written(misidentified)}`,
    ...(result.failedToEnrol > 0 ? [`not enrolled, no photo with a face: ${result.failedToEnrol}`] : []),
    ...approachLines(result),
    ...(result.tooLarge
      ? [
          'the gallery is too large for this encoder at this target: the threshold of FMR 1e-6, the strictest, was taken',
        ]
      : []),
  ];
}

const approachLines = ({ approaches }: IdentifyResult): string[] =>
  approaches.flatMap(({ frames, agree, threshold, fpir, fnir }) => [
    `approaches of ${frames} photos of one person, decided from ${agree} on, threshold ${threshold.toFixed(4)}:`,
    `  strangers taken for somebody (FPIR): ${written(fpir, 'approaches')}`,
    `  own people not recognised (FNIR): ${written(fnir, 'approaches')}`,
  ]);

const written = ({ rate, low, high, n }: CountedRate, of = 'photos') =>
  `${rate.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)}) of ${n} ${of}`;
