import { Command } from 'commander';
import { evaluateGate, type GateQuestion } from '../evaluation/gate/evaluate-gate.js';
import { OperatingError } from '../kit/errors.js';
import { type CommonOptions, example, print } from './context.js';
import { evaluationContextOf } from './evaluation-context.js';
import { type AlterationOptions, addAlteration, addFrameRates, alterationOf, reportOption } from './options.js';

interface Options extends CommonOptions, AlterationOptions, Omit<GateQuestion, 'alteration'> {
  readonly encoder?: string;
  readonly liveness: boolean;
}

/** `kaimon evaluate gate`: whole approaches through the very gate of the daemon. */
export function gateSubcommand(): Command {
  const command = new Command('gate')
    .description('whole approaches: strangers and attacks let in, enrolled people not let in, time to decision')
    .option(
      '--set <dir>',
      'living faces and attacks together: KIND/TAKE/frames, KIND/video, or manifest.csv; people are enrolled by another take of the set, or another second of the same one',
    )
    .option('--gallery <dir>', 'who is enrolled: PERSON/PHOTO.jpg')
    .option('--probes <dir>', 'approaches of the same people: PERSON/TAKE/frames, PERSON/video or PERSON.mp4')
    .option('--strangers <dir>', 'approaches of others, in the same form')
    .option('--attacks <dir>', 'approaches with pictures and screens: KIND/TAKE/frames, KIND/video, or manifest.csv')
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .option('--no-liveness', 'for sets of crops that leave no room around the face');
  return addFrameRates(addAlteration(command))
    .addOption(reportOption())
    .addHelpText(
      'after',
      example(
        'kaimon evaluate gate --set attacks/ --report gate.html',
        'kaimon evaluate gate --gallery staff/ --probes arriving/ --strangers street/ --report gate.html',
        'kaimon evaluate gate --gallery staff/ --probes arriving/ --dim 0.25 --noise 10',
      ),
    )
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      assertApproaches(options);
      const context = evaluationContextOf(options, {
        encoder: options.encoder,
        'liveness.enabled': options.liveness ? undefined : false,
      });
      const { figures, lines } = await evaluateGate(context, {
        ...options,
        alteration: alterationOf(options),
      });
      print(options, figures, lines);
    });
}

function assertApproaches({ set, gallery, probes, strangers, attacks }: Options): void {
  if (set !== undefined) {
    if ([gallery, probes, strangers, attacks].every((folder) => folder === undefined)) return;
    throw new OperatingError(
      'KAIMON_USAGE',
      '--set brings its own people: give no --gallery, --probes, --strangers, --attacks',
    );
  }
  if (probes !== undefined || strangers !== undefined || attacks !== undefined) return;
  const trouble = 'nobody comes to the gate: give --set, or --gallery with --probes, --strangers, --attacks';
  throw new OperatingError('KAIMON_USAGE', trouble);
}
