import { messageOf, OperatingError } from '../../kit/errors.js';
import { readPlainFileSync } from '../../kit/files/plain-file.js';
import { seeded } from '../../kit/seeded-random.js';
import { MATCH_RATES, type Thresholds } from '../../models/manifest.js';
import { pairsCharts } from '../charts/charts.js';
import { makePlotFolder, writePlots } from '../charts/plot-files.js';
import type { EvaluationContext, Findings } from '../context.js';
import { equalErrorRate, foldAccuracy, type PairDistances, SEED, tarAt, thresholdAt } from '../figures.js';
import { allPairs, type Sample } from './all-pairs.js';
import { listImages, measureAll, personOf } from './image-set.js';
import { type PairsFile, parsePairs } from './pairs-file.js';

/** What `kaimon evaluate pairs` is asked for. */
export interface PairsQuestion {
  /** A list in LFW's form. */
  readonly pairs: string;
  /** One folder a person. */
  readonly images: string;
  readonly workers: number;
  /** Folder for charts. */
  readonly plot?: string;
}

/** What `evaluate pairs` measured. */
export interface PairsResult {
  readonly encoder: string;
  readonly images: number;
  readonly detected: number;
  readonly folds: { readonly n: number; readonly accuracy: number; readonly sd: number };
  readonly all: ReturnType<typeof overAllPairs>;
}

/**
 * Accuracy on a list of pairs, and error rates over all pairs of the images, of the whole chain from photo to distance.
 * @throws OperatingError KAIMON_PAIRS_FILE, KAIMON_IMAGES, KAIMON_FILE_WRITE, or when the eye cannot work
 */
export async function evaluatePairs(
  context: EvaluationContext,
  question: PairsQuestion,
): Promise<Findings<PairsResult>> {
  const list = readPairs(question.pairs);
  const images = listImages(question.images);
  const missing = list.pairs.flatMap(({ a, b }) => [a, b]).find((name) => !images.has(name));
  if (missing)
    throw new OperatingError(
      'KAIMON_PAIRS_FILE',
      `${question.pairs} names ${missing}, which is not in ${question.images}`,
    );
  makePlotFolder(question.plot);
  const { samples, encoder } = await measureAll(context, images, question.workers);
  const distances = allPairs([...samples.values()]);
  const detected = [...samples.values()].filter(({ embedding }) => embedding).length;
  const result: PairsResult = {
    encoder,
    images: samples.size,
    detected,
    folds: { n: list.folds, ...foldAccuracy(judged(list, samples), list.folds) },
    all: overAllPairs(distances),
  };
  const people = new Set([...images.keys()].map(personOf)).size;
  const set = { encoder, people, photos: samples.size, detected };
  const plots = question.plot ? await writePlots(question.plot, pairsCharts(set, distances, result.all.tar)) : [];
  return { figures: result, lines: [...linesOf(result), ...plots.map((file) => `drawn: ${file}`)] };
}

const linesOf = ({ encoder, images, detected, folds, all }: PairsResult): readonly string[] => [
  `${encoder}: a face was found on ${detected} of ${images} images`,
  `accuracy ${folds.accuracy.toFixed(4)} ± ${folds.sd.toFixed(4)} (${folds.n} folds)`,
  `all pairs: ${all.genuine} genuine, ${all.impostor} impostor, equal error rate ${all.eer.toFixed(4)}`,
  ...Object.entries(all.tar).map(
    ([fmr, { threshold, tar, low, high }]) =>
      `  FMR ${fmr}: threshold ${threshold.toFixed(4)}, TAR ${tar.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`,
  ),
];

/** `tar` has the form of a manifest's `thresholds`. */
function overAllPairs(distances: PairDistances) {
  const random = seeded(SEED);
  const at = (fmr: string) => {
    const threshold = thresholdAt(Number(fmr), distances);
    const { rate, low, high } = tarAt(threshold, distances, random);
    return { threshold, tar: rate, low, high };
  };
  return {
    genuine: distances.genuine.reduce((sum, { total }) => sum + total, 0),
    impostor: distances.impostorTotal,
    eer: equalErrorRate(distances),
    tar: Object.fromEntries(MATCH_RATES.map((fmr) => [fmr, at(fmr)])) as Thresholds,
  };
}

function judged(list: PairsFile, samples: ReadonlyMap<string, Sample>) {
  return list.pairs.map(({ a, b, same, fold }) => ({
    same,
    fold,
    distance: distanceOf(samples.get(a), samples.get(b)),
  }));
}

function distanceOf(a: Sample | undefined, b: Sample | undefined): number | undefined {
  if (!a?.embedding || !b?.embedding) return undefined;
  return allPairs([
    { person: 'a', embedding: a.embedding },
    { person: 'b', embedding: b.embedding },
  ]).impostor[0];
}

/** The pairs of LFW are 160 kB. */
const PAIRS_BYTES_MAX = 64 * 1024 * 1024;

function readPairs(file: string): PairsFile {
  let text: string;
  try {
    text = readPlainFileSync(file, PAIRS_BYTES_MAX).toString('utf8');
  } catch (cause) {
    throw new OperatingError('KAIMON_PAIRS_FILE', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  return parsePairs(text, file);
}
