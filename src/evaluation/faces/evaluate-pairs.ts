import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type CommonOptions, contextOf, example, print } from '../../cli/context.js';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { seeded } from '../../kit/seeded-random.js';
import { MATCH_RATES, type Thresholds } from '../../models/manifest.js';
import { pairsCharts } from '../charts/charts.js';
import { makePlotFolder, plotOption, writePlots } from '../charts/plot-files.js';
import { equalErrorRate, foldAccuracy, type PairDistances, tarAt, thresholdAt } from '../figures.js';
import { allPairs, type Sample } from './all-pairs.js';
import { listImages, measureAll, personOf, workersOption } from './image-set.js';
import { type PairsFile, parsePairs } from './pairs-file.js';

interface Options extends CommonOptions {
  readonly pairs: string;
  readonly images: string;
  readonly encoder?: string;
  readonly workers: number;
  readonly plot?: string;
}

const SEED = 20_261_124;

/** `kaimon evaluate pairs`: accuracy and error rates of the whole pipeline on a set of photos. */
export function pairsSubcommand(): Command {
  return new Command('pairs')
    .description('1:1 figures: accuracy on a list of pairs, TAR at FMR 1e-2…1e-5 over all pairs of the images')
    .requiredOption('--pairs <file>', "list in LFW's form")
    .requiredOption('--images <dir>', 'one folder a person: NAME/NAME_0001.jpg')
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .addOption(workersOption())
    .addOption(plotOption())
    .addHelpText('after', example('kaimon evaluate pairs --pairs lfw/pairs.txt --images lfw/images --plot charts'))
    .action(async (_own, command: Command) => evaluatePairs(command.optsWithGlobals<Options>()));
}

async function evaluatePairs(options: Options): Promise<void> {
  const context = contextOf(options, { encoder: options.encoder });
  const list = readPairs(options.pairs);
  const images = listImages(options.images);
  const missing = list.pairs.flatMap(({ a, b }) => [a, b]).find((name) => !images.has(name));
  if (missing)
    throw new OperatingError(
      'KAIMON_PAIRS_FILE',
      'input',
      `${options.pairs} names ${missing}, which is not in ${options.images}`,
    );
  makePlotFolder(options.plot);
  const { samples, encoder } = await measureAll(context, images, options.workers);
  const distances = allPairs([...samples.values()]);
  const detected = [...samples.values()].filter(({ embedding }) => embedding).length;
  const result = {
    encoder,
    images: samples.size,
    detected,
    folds: { n: list.folds, ...foldAccuracy(judged(list, samples), list.folds) },
    all: overAllPairs(distances),
  };
  const { folds, all } = result;
  const people = new Set([...images.keys()].map(personOf)).size;
  const plots = options.plot
    ? await writePlots(
        options.plot,
        pairsCharts({ encoder, people, photos: samples.size, detected }, distances, all.tar),
      )
    : [];
  print(options, result, [
    `${encoder}: a face was found on ${detected} of ${result.images} images`,
    `accuracy ${folds.accuracy.toFixed(4)} ± ${folds.sd.toFixed(4)} (${folds.n} folds)`,
    `all pairs: ${all.genuine} genuine, ${all.impostor} impostor, equal error rate ${all.eer.toFixed(4)}`,
    ...Object.entries(all.tar).map(
      ([fmr, { threshold, tar, low, high }]) =>
        `  FMR ${fmr}: threshold ${threshold.toFixed(4)}, TAR ${tar.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`,
    ),
    ...plots.map((file) => `drawn: ${file}`),
  ]);
}

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

function readPairs(file: string): PairsFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OperatingError('KAIMON_PAIRS_FILE', 'input', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  return parsePairs(text, file);
}
