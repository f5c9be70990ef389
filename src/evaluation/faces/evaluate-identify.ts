import { OperatingError } from '../../kit/errors.js';
import { seeded } from '../../kit/seeded-random.js';
import { loadManifest } from '../../models/model-files.js';
import { loadModels } from '../../models/model-set.js';
import { chooseThreshold, usableCurve } from '../../person/thresholds.js';
import { identifyCharts } from '../charts/charts.js';
import { makePlotFolder, writePlots } from '../charts/plot-files.js';
import type { EvaluationContext, Findings } from '../context.js';
import { listImages, measureAll, personOf } from './image-set.js';
import {
  type CountedRate,
  drawOpenSet,
  gatherByPerson,
  largestGallery,
  type OpenSetFigures,
  openSetFigures,
} from './open-set.js';

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
  /** Folder for charts. */
  readonly plot?: string;
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
  const { threshold, tooLarge } = await thresholdFor(context, targetFpir, gallerySize);
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
  const result = { ...set, gallerySize, draws: drawCount, seed, targetFpir, threshold, margin, tooLarge, ...figures };
  const rule = { gallerySize, targetFpir, threshold, margin };
  const plots = plot ? await writePlots(plot, identifyCharts({ ...set, photos: samples.size }, draws, rule)) : [];
  return { figures: result, lines: [...linesOf(result), ...plots.map((file) => `drawn: ${file}`)] };
}

/** Comes before the minutes of measuring. @throws OperatingError when the encoder's error rates were never measured */
async function thresholdFor({ config, calibrationFile }: EvaluationContext, targetFpir: number, gallerySize: number) {
  const { curve, encoder } = await loadModels(
    loadManifest(),
    { encoder: config.encoder, liveness: false },
    calibrationFile,
  );
  const byHand = config.decision.threshold;
  return chooseThreshold(usableCurve(curve, encoder, byHand), targetFpir, gallerySize, byHand);
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
    ...(result.tooLarge
      ? [
          'the gallery is too large for this encoder at this target: the threshold of FMR 1e-6, the strictest, was taken',
        ]
      : []),
  ];
}

const written = ({ rate, low, high, n }: CountedRate) =>
  `${rate.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)}) of ${n} photos`;
