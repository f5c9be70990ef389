import { Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, type Context, contextOf, example, print } from '../../cli/context.js';
import { wholeNumber } from '../../cli/options.js';
import { Progress } from '../../cli/progress.js';
import { OperatingError } from '../../kit/errors.js';
import { seeded } from '../../kit/seeded-random.js';
import { loadManifest } from '../../models/model-files.js';
import { equip } from '../../models/model-set.js';
import { chooseThreshold, usableCurve } from '../../person/thresholds.js';
import { identifyCharts } from '../charts/charts.js';
import { makePlotFolder, plotOption, writePlots } from '../charts/plot-files.js';
import { listImages, measureAll, personOf, workersOption } from './image-set.js';
import { type CountedRate, drawOpenSet, gatherByPerson, largestGallery, openSetFigures } from './open-set.js';

interface Options extends CommonOptions {
  readonly gallerySize: number;
  readonly targetFpir?: number;
  readonly draws: number;
  readonly seed: number;
  readonly encoder?: string;
  readonly workers: number;
  readonly plot?: string;
}

const SEED = 20_261_124;
/** Half of the most photos that a set may hold. */
const GALLERY_MAX = 10_000;

/** `kaimon evaluate identify`: how often a gate of a given size errs about strangers and about its own people. */
export function identifySubcommand(): Command {
  return new Command('identify')
    .description(
      '1:K figures of single photos: FPIR and FNIR over galleries drawn from a set, one photo enrolled a person',
    )
    .argument('<dir>', 'one folder a person, several photos in some of them')
    .requiredOption('--gallery-size <n>', 'people enrolled', wholeNumber(1, GALLERY_MAX))
    .option('--target-fpir <p>', 'wanted share of strangers taken for somebody (default: decision.targetFpir)', share)
    .option('--draws <n>', 'galleries', wholeNumber(1, 100), 10)
    .option('--seed <n>', 'for other galleries', wholeNumber(0, 2 ** 32 - 1), SEED)
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .addOption(workersOption())
    .addOption(plotOption())
    .addHelpText('after', example('kaimon evaluate identify lfw/images --gallery-size 420 --target-fpir 0.003'))
    .action(async (dir: string, _own, command: Command) => evaluateIdentify(dir, command.optsWithGlobals<Options>()));
}

async function evaluateIdentify(dir: string, options: Options): Promise<void> {
  const { gallerySize, draws: drawCount, seed, plot } = options;
  const context = contextOf(options, { encoder: options.encoder });
  const { margin, ...decision } = context.config.decision;
  const targetFpir = options.targetFpir ?? decision.targetFpir;
  const images = listImages(dir);
  assertGallery(dir, gallerySize, images);
  const { threshold, tooLarge } = await thresholdFor(context, targetFpir, gallerySize);
  makePlotFolder(plot);

  const { samples, encoder } = await measureAll(context, images, options.workers);
  const people = gatherByPerson(samples.values());
  const random = seeded(seed);
  const progress = new Progress('comparing', drawCount);
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
  print(options, result, [...linesOf(result), ...plots.map((file) => `drawn: ${file}`)]);
}

/** @throws OperatingError when nobody measured the encoder's error rates: told before the minutes of measuring */
async function thresholdFor({ config, calibrationFile }: Context, targetFpir: number, gallerySize: number) {
  const { curve, encoder } = await equip(loadManifest(), { encoder: config.encoder, liveness: false }, calibrationFile);
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
    'usage',
    `a gallery of ${gallerySize} is too large for ${dir} with ${people.length} people, ${several} of whom have two or more photos: ${allowed} (one photo is enrolled, the others are tried, and somebody must be left as a stranger)`,
  );
}

interface Result extends ReturnType<typeof openSetFigures> {
  readonly encoder: string;
  readonly people: number;
  readonly images: number;
  readonly detected: number;
  readonly gallerySize: number;
  readonly draws: number;
  readonly targetFpir: number;
  readonly threshold: number;
  readonly margin: number;
  readonly tooLarge: boolean;
}

function linesOf(result: Result): string[] {
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

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 1e-6 && value <= 0.5) return value;
  throw new InvalidArgumentError('A share from 0.000001 to 0.5 is needed.');
}
