import { Command } from 'commander';
import { type CommonOptions, contextOf, example, print } from '../../cli/context.js';
import { type Calibration, writeCalibration } from '../../models/calibration.js';
import { encoderId, findModel, MATCH_RATES } from '../../models/manifest.js';
import { loadManifest } from '../../models/model-files.js';
import { allPairs, nearestImpostors } from './all-pairs.js';
import { calibrate } from './calibrate.js';
import { listImages, measureAll, personOf, workersOption } from './image-set.js';

interface Options extends CommonOptions {
  readonly workers: number;
  readonly dryRun?: boolean;
}

/** Pairs that are shown to be looked at: one person in two folders spoils the thresholds. */
const SUSPECTS = 5;

/** `kaimon calibrate DIR`: thresholds from photos of the site's own people, for the encoder of the configuration. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description("thresholds from the site's own photos; the gate uses them from its next start on")
    .argument('<dir>', 'one folder a person, at least 46 people')
    .option('--dry-run', 'show them only')
    .addOption(workersOption())
    .addHelpText('after', example('kaimon calibrate /var/lib/kaimon/photos', 'kaimon calibrate photos --dry-run'))
    .action(async (folder: string, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = contextOf(options);
      const model = findModel(loadManifest(), 'encoder', context.config.encoder);
      const images = listImages(folder);
      const { samples } = await measureAll(context, images, options.workers);
      // A photo without a face says nothing about distances.
      const seen = [...samples].filter(([, { embedding }]) => embedding);
      const distances = allPairs(seen.map(([, sample]) => sample));
      const people = new Set(seen.map(([name]) => personOf(name))).size;
      const calibration: Calibration = {
        schema: 1,
        encoder: encoderId(model),
        measured: new Date().toISOString(),
        people,
        impostorPairs: distances.impostorTotal,
        thresholds: calibrate(distances, people, model.thresholds),
      };
      const suspects = nearestImpostors(new Map(seen), SUSPECTS);
      if (!options.dryRun) await writeCalibration(context.calibrationFile, calibration);
      const written = options.dryRun ? null : context.calibrationFile;
      print(options, { ...calibration, photos: images.size, faces: seen.length, nearest: suspects, written }, [
        `${calibration.encoder}: ${calibration.people} people, ${calibration.impostorPairs} pairs of different people, a face on ${seen.length} of ${images.size} photos`,
        ...MATCH_RATES.map((rate) => {
          const { threshold, from } = calibration.thresholds[rate];
          return `  FMR ${rate}: threshold ${threshold.toFixed(4)} (${MEANING[from]})`;
        }),
        'Nearest photos of different people; look at them, one person in two folders spoils the thresholds:',
        ...suspects.map(({ a, b, distance }) => `  ${distance.toFixed(3)}  ${a}  ${b}`),
        written === null
          ? 'Nothing was written.'
          : `Written to ${written}: restart the gate to use it, remove it to go back.`,
      ]);
    });
}

const MEANING: Readonly<Record<Calibration['thresholds']['1e-2']['from'], string>> = {
  measured: 'measured',
  extended: 'continued from the rates that were measured',
  release: "the release's, which is stricter",
};
