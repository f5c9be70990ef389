import { Command } from 'commander';
import { evaluateIdentify, type IdentifyQuestion } from '../evaluation/faces/evaluate-identify.js';
import { SEED } from '../evaluation/figures.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { plotOption, share, wholeNumber, workersOption } from './options.js';

interface Options extends CommonOptions, IdentifyQuestion {
  readonly encoder?: string;
}

/** Half of the most photos that a set may hold. */
const GALLERY_MAX = 10_000;

/** More photos than this of one person are no approach. */
const FRAMES_MAX = 100;
const numbers = (text: string): number[] => text.split(',').map(wholeNumber(1, FRAMES_MAX));

/** `kaimon evaluate identify`: how often a gate of a given size errs about strangers and about its own people. */
export function identifySubcommand(): Command {
  return new Command('identify')
    .description(
      '1:K figures: FPIR and FNIR over galleries drawn from a set, one photo enrolled a person; by photo, and by approach',
    )
    .argument('<dir>', 'one folder a person, several photos in some of them')
    .requiredOption('--gallery-size <n>', 'people enrolled', wholeNumber(1, GALLERY_MAX))
    .option('--target-fpir <p>', 'wanted share of strangers taken for somebody (default: decision.targetFpir)', share)
    .option('--draws <n>', 'galleries', wholeNumber(1, 100), 10)
    .option('--seed <n>', 'for other galleries', wholeNumber(0, 2 ** 32 - 1), SEED)
    .option(
      '--frames <n,…>',
      'also approaches: so many photos of a person come one after the other, as frames',
      numbers,
    )
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .addOption(workersOption())
    .addOption(plotOption())
    .addHelpText('after', example('kaimon evaluate identify lfw/images --gallery-size 420 --frames 1,3,5'))
    .action(async (dir: string, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = evaluationContextOf(options, { encoder: options.encoder });
      const { figures, lines } = await evaluateIdentify(context, dir, options);
      print(options, figures, lines);
    });
}
