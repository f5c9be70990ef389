import { Command } from 'commander';
import { evaluateLiveness, type LivenessQuestion } from '../evaluation/liveness/evaluate-liveness.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { type AlterationOptions, addAlteration, addFrameRates, alterationOf, reportOption } from './options.js';

interface Options extends CommonOptions, AlterationOptions, Omit<LivenessQuestion, 'alteration'> {}

/** `kaimon evaluate liveness`: how often attacks pass and live faces do not. */
export function livenessSubcommand(): Command {
  const command = new Command('liveness')
    .description('attacks let through and live faces refused, by kind: per frame, take, person and clip')
    .argument('<dir>', 'a set: manifest.csv, or folders live/, print/, replay/ … of pictures, takes and videos')
    .option('--kind <kind>', 'only this kind, for example print');
  return addFrameRates(addAlteration(command))
    .addOption(reportOption())
    .addHelpText('after', example('kaimon evaluate liveness attacks/', 'kaimon evaluate liveness attacks/ --noise 10'))
    .action(async (dir: string, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const context = evaluationContextOf(options);
      const { figures, lines } = await evaluateLiveness(context, dir, {
        ...options,
        alteration: alterationOf(options),
      });
      print(options, figures, lines);
    });
}
