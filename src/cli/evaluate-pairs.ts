import { Command } from 'commander';
import { evaluatePairs, type PairsQuestion } from '../evaluation/faces/evaluate-pairs.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { plotOption, workersOption } from './options.js';

interface Options extends CommonOptions, PairsQuestion {
  readonly encoder?: string;
}

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
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = evaluationContextOf(options, { encoder: options.encoder });
      const { figures, lines } = await evaluatePairs(context, options);
      print(options, figures, lines);
    });
}
