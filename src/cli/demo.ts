import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type DemoResult, runDemo } from '../demo/demo.js';
import { type DoorDemoResult, runDoorDemo } from '../demo/door-demo.js';
import { EXIT, OperatingError } from '../kit/errors.js';
import { projectRoot } from '../models/model-files.js';
import { lineOf } from './audit.js';
import { type CommonOptions, example, print } from './context.js';
import { ProgressLine } from './progress.js';

interface Options extends CommonOptions {
  readonly out?: string;
  readonly encoder?: string;
  readonly door?: boolean;
}

function summary({ approaches, pulsesMs, ok, picture, liveness }: DemoResult): string[] {
  const rows = approaches.map(({ person, expected, got, distance, seconds, reason }) => {
    const figures = [
      distance === null ? '' : `distance ${distance.toFixed(2)}`,
      seconds === null ? '' : `${seconds.toFixed(2)} s`,
      reason ?? '',
    ];
    return `  ${expected === got ? 'right' : 'WRONG'}  ${person.padEnd(18)} ${got.padEnd(7)} ${figures.filter(Boolean).join(', ')}`;
  });
  return [
    '',
    'Summary',
    ...rows,
    `  door opened ${pulsesMs.length} times, for ${pulsesMs.join(', ')} ms`,
    `  liveness is ${liveness}`,
    `  annotated picture: ${picture ?? 'none'}`,
    ok ? 'All as it should be.' : 'NOT as it should be.',
  ];
}

function doorSummary({ steps, journal, ok }: DoorDemoResult): string[] {
  return [
    '',
    'The end of the journal',
    ...journal.newest.map(lineOf),
    `  ${journal.entries} entries, the chain ${journal.whole ? 'is whole' : 'is BROKEN'}, ${journal.missing} events missing`,
    '',
    'Summary',
    ...steps.map(({ title, wrong }) => `  ${wrong.length === 0 ? 'right' : 'WRONG'}  ${title}`),
    ok ? 'All as it should be.' : 'NOT as it should be.',
  ];
}

/** The demo has a configuration and people of its own: options that name others would have no effect. */
function refuseOthers({ config, state }: CommonOptions): void {
  const given = config !== undefined ? '--config' : state !== undefined ? '--state' : undefined;
  if (given) throw new OperatingError('KAIMON_USAGE', `the demo knows no ${given}: its files are in --out`);
}

/** `kaimon demo`: the daemon end to end on a replayed camera with an embedded broker. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('the gate end to end on a replayed camera: two people enrolled over MQTT, the right ones let in')
    .option('--out <dir>', 'folder for film, log and picture (default: a new one for temporary files)')
    .option('--encoder <name>', 'encoder of models/manifest.json')
    .option('--door', 'the door instead: exit button, held, forced, tampered, fire; alarms, state and journal')
    .addHelpText('after', example('kaimon demo', 'kaimon demo --door', 'kaimon demo --json --out /tmp/kaimon-demo'))
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      refuseOthers(options);
      const folder = options.out === undefined ? mkdtempSync(join(tmpdir(), 'kaimon-demo-')) : resolve(options.out);
      const interrupted = new AbortController();
      process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
      let bar: { readonly what: string; readonly progress: ProgressLine } | undefined;
      const story = {
        line: (text: string) => {
          bar?.progress.done();
          (options.json ? process.stderr : process.stdout).write(`${text}\n`);
        },
        progress: (what: string, share: number) => {
          if (bar?.what !== what) bar = { what, progress: new ProgressLine(what, 100) };
          bar.progress.set(Math.round(share * 100));
        },
      };
      if (options.door) {
        const result = await runDoorDemo(folder, story, interrupted.signal);
        print(options, result, doorSummary(result));
        process.exitCode = result.ok ? EXIT.yes : EXIT.no;
        return;
      }
      const samples = join(projectRoot(), 'models', 'build', 'samples');
      const result = await runDemo({ folder, samples, encoder: options.encoder }, story, interrupted.signal);
      print(options, result, summary(result));
      process.exitCode = result.ok ? EXIT.yes : EXIT.no;
    });
}
