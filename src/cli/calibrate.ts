import { Command } from 'commander';
import { type CalibrationQuestion, calibrateSite } from '../evaluation/faces/calibrate-site.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { workersOption } from './options.js';

interface Options extends CommonOptions, CalibrationQuestion {}

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
      const { figures, lines } = await calibrateSite(evaluationContextOf(options), folder, options);
      print(options, figures, lines);
    });
}
