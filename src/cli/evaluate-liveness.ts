import { Command } from 'commander';
import { CLIP_FPS_MAX } from '../evaluation/frames/protocol.js';
import { evaluateLiveness, type LivenessQuestion } from '../evaluation/liveness/evaluate-liveness.js';
import { OperatingError } from '../kit/errors.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { reportOption, wholeNumber } from './options.js';

interface Options extends CommonOptions, Omit<LivenessQuestion, 'alteration'> {
  readonly noise: string;
  readonly dim: string;
}

/** `kaimon evaluate liveness`: how often attacks pass and live faces do not. */
export function livenessSubcommand(): Command {
  return new Command('liveness')
    .description('attacks let through and live faces refused, by kind: per frame, take, person and clip')
    .argument('<dir>', 'a set: manifest.csv, or folders live/, print/, replay/ … of pictures, takes and videos')
    .option('--kind <kind>', 'only this kind, for example print')
    .option('--noise <sd>', 'adds pixel noise of this standard deviation to every frame', '0')
    .option('--dim <factor>', 'multiplies every pixel: 0.25 is a quarter of the light', '1')
    .option('--fps <n>', 'frames looked at in a second of a video', wholeNumber(1, CLIP_FPS_MAX), 8)
    .option(
      '--take-fps <n>',
      'frame numbers of a take a second, where manifest.csv has no fps',
      wholeNumber(1, 240),
      20,
    )
    .addOption(reportOption())
    .addHelpText('after', example('kaimon evaluate liveness attacks/', 'kaimon evaluate liveness attacks/ --noise 10'))
    .action(async (dir: string, _own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const alteration = { noise: within('--noise', options.noise, 0, 128), dim: within('--dim', options.dim, 0, 4) };
      const context = evaluationContextOf(options);
      const { figures, lines } = await evaluateLiveness(context, dir, { ...options, alteration });
      print(options, figures, lines);
    });
}

function within(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high) return value;
  throw new OperatingError('KAIMON_USAGE', `${name} is "${text}": a number from ${low} to ${high} is needed`);
}
