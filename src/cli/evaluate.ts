import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { centre } from '../face/geometry.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { decodeVector } from '../kit/vector.js';
import { allPairs, type Sample } from '../models/evaluation/all-pairs.js';
import { equalErrorRate, foldAccuracy, seeded, tarAt, thresholdAt } from '../models/evaluation/figures.js';
import { type PairsFile, parsePairs } from '../models/evaluation/pairs-file.js';
import { MATCH_RATES } from '../models/manifest.js';
import { type CommonOptions, type Context, contextOf, example, print } from './context.js';
import { wholeNumber } from './options.js';
import { type MeasuredPhoto, PhotoEye } from './photo-eye.js';
import { Progress } from './progress.js';

interface Options extends CommonOptions {
  readonly pairs: string;
  readonly images: string;
  readonly encoder?: string;
  readonly workers: number;
}

const SEED = 20_261_124;
const IMAGES_MAX = 20_000;

/** `kaimon evaluate pairs`: accuracy and error rates of the whole pipeline on a set of photos. */
export function evaluateCommand(): Command {
  const pairs = new Command('pairs')
    .description('1:1 figures: accuracy on a list of pairs, TAR at FMR 1e-2…1e-5 over all pairs of the images')
    .requiredOption('--pairs <file>', "list in LFW's form")
    .requiredOption('--images <dir>', 'one folder a person: NAME/NAME_0001.jpg')
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .option('--workers <n>', 'eyes that measure side by side', wholeNumber(1, 16), Math.min(4, availableParallelism()))
    .addHelpText('after', example('kaimon evaluate pairs --pairs lfw/pairs.txt --images lfw/images'))
    .action(async (_own, command: Command) => evaluatePairs(command.optsWithGlobals<Options>()));
  return new Command('evaluate').description("figures on a site's or a public set of photos").addCommand(pairs);
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
  const { samples, encoder } = await measureAll(context, images, options.workers);
  const result = { encoder, images: samples.size, ...figures(samples, list) };
  const { folds, all } = result;
  print(options, result, [
    `${encoder}: a face was found on ${result.detected} of ${result.images} images`,
    `accuracy ${folds.accuracy.toFixed(4)} ± ${folds.sd.toFixed(4)} (${folds.n} folds)`,
    `all pairs: ${all.genuine} genuine, ${all.impostor} impostor, equal error rate ${all.eer.toFixed(4)}`,
    ...Object.entries(all.tar).map(
      ([fmr, { threshold, tar, low, high }]) =>
        `  FMR ${fmr}: threshold ${threshold.toFixed(4)}, TAR ${tar.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)})`,
    ),
  ]);
}

function figures(samples: ReadonlyMap<string, Sample>, list: PairsFile) {
  const distances = allPairs([...samples.values()]);
  const random = seeded(SEED);
  const tar = Object.fromEntries(
    MATCH_RATES.map((fmr) => {
      const threshold = thresholdAt(Number(fmr), distances);
      const { rate, low, high } = tarAt(threshold, distances, random);
      return [fmr, { threshold, tar: rate, low, high }];
    }),
  );
  const judged = list.pairs.map(({ a, b, same, fold }) => ({
    same,
    fold,
    distance: distanceOf(samples.get(a), samples.get(b)),
  }));
  return {
    detected: [...samples.values()].filter(({ embedding }) => embedding).length,
    folds: { n: list.folds, ...foldAccuracy(judged, list.folds) },
    all: {
      genuine: distances.genuine.reduce((sum, { total }) => sum + total, 0),
      impostor: distances.impostorTotal,
      eer: equalErrorRate(distances),
      tar,
    },
  };
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

/** Name without ending → file. */
function listImages(folder: string): Map<string, string> {
  const images = new Map<string, string>();
  try {
    for (const person of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)))
      if (person.isDirectory())
        for (const name of readdirSync(join(folder, person.name)).sort())
          if (/\.(jpe?g|png)$/i.test(name))
            images.set(`${person.name}/${name.replace(/\.[^.]+$/, '')}`, join(folder, person.name, name));
  } catch (cause) {
    throw new OperatingError('KAIMON_IMAGES', 'input', `cannot read the folder ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (images.size === 0 || images.size > IMAGES_MAX)
    throw new OperatingError(
      'KAIMON_IMAGES',
      'input',
      `${folder} holds ${images.size} images NAME/NAME_0001.jpg, 1 to ${IMAGES_MAX} are allowed`,
    );
  return images;
}

async function measureAll(context: Context, images: ReadonlyMap<string, string>, workers: number) {
  const names = [...images.keys()];
  const samples = new Map<string, Sample>(
    names.map((name) => [name, { person: name.split('/')[0] ?? '', embedding: undefined }]),
  );
  const progress = new Progress('measuring', names.length);
  let next = 0;
  let encoder = '';
  const work = async () => {
    const eye = await PhotoEye.start(context);
    encoder = eye.equipment.encoder;
    try {
      for (let name = names[next++]; name !== undefined; name = names[next++]) {
        const face = nearestTheCentre(await eye.measure(images.get(name) as string));
        if (face) samples.set(name, { person: name.split('/')[0] ?? '', embedding: decodeVector(face.embedding) });
        progress.step();
      }
    } finally {
      eye.stop();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  progress.done();
  return { samples, encoder };
}

/** Sets of faces are centred on the person they name; others may stand beside. */
function nearestTheCentre({ width, height, faces }: MeasuredPhoto) {
  const away = ({ box }: MeasuredPhoto['faces'][number]) => {
    const [x, y] = centre(box);
    return Math.hypot(x - width / 2, y - height / 2);
  };
  return [...faces].sort((a, b) => away(a) - away(b))[0];
}
