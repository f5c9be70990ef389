import { Command, Option } from 'commander';
import { APART, examineApart, tellApart } from '../doctor/apart.js';
import { examine, limitOf } from '../doctor/examine.js';
import type { Finding } from '../doctor/finding.js';
import { EXIT } from '../kit/errors.js';
import { type CommonOptions, contextOf, example, print } from './context.js';
import { wholeNumber } from './options.js';

interface Options extends CommonOptions {
  readonly camera?: number;
  readonly apart?: boolean;
}

/** One line each: what was looked at, what was found, and below it what to do. */
export function screen(findings: readonly Finding[]): readonly string[] {
  const wide = Math.max(...findings.map(({ what }) => what.length));
  return findings.flatMap(({ what, result, text, advice }) => [
    `${result.padEnd(7)}  ${what.padEnd(wide)}  ${text}`,
    ...(advice === undefined ? [] : [`${' '.repeat(7 + 2 + wide + 2)}→ ${advice}`]),
  ]);
}

/** `kaimon doctor`: what is wrong or dangerous at this gate, and what to do. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'find what is wrong or dangerous here, and what to do: packages, models, people, camera, lines, clock, disk, memory, heat, broker, keys, settings (exit code 1 if something is wrong)',
    )
    .option(
      '--camera <seconds>',
      'how long the camera is watched, 0: not at all (default: 5; never while a gate has it)',
      wholeNumber(0, 120),
    )
    .addHelpText('after', example('sudo kaimon doctor --config /etc/kaimon/kaimon.yaml', 'kaimon doctor --camera 20'))
    .addOption(new Option(APART).hideHelp())
    .action(async (_own, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.apart) return tellApart(await examine(contextOf(options), options.camera));
      const found = await examineApart(limitOf(options.camera));
      if ('exitCode' in found) {
        process.exitCode = found.exitCode;
        return;
      }
      const { findings, numbers = {} } = found;
      const ok = findings.every(({ result }) => result !== 'problem');
      print(options, { ok, findings, numbers }, screen(findings));
      process.exitCode = ok ? EXIT.yes : EXIT.no;
    });
}
