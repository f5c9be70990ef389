#!/usr/bin/env node
/** The command line: one file a command; here only the list of them and how failures end. */
import { Command, CommanderError } from 'commander';
import { EXIT, explain, OperatingError, type Trouble } from '../kit/errors.js';
import { writeLastWords } from '../kit/logging/standard-error.js';
import { VERSION } from '../kit/version.js';
import { auditCommand } from './audit.js';
import { calibrateCommand } from './calibrate.js';
import { configCommand } from './config.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { embedCommand } from './embed.js';
import { enrollCommand } from './enroll.js';
import { evaluateCommand } from './evaluate.js';
import { identifyCommand } from './identify.js';
import { modelsCommand } from './models.js';
import { peopleCommand } from './people.js';
import { runCommand } from './run.js';
import { safeStateCommand } from './safe-state.js';
import { verifyCommand } from './verify.js';

const EXIT_OF: Readonly<Record<Trouble, number>> = {
  usage: EXIT.usage,
  input: EXIT.input,
  environment: EXIT.environment,
};

const program = new Command('kaimon')
  .description('Kaimon (開門, "open the door"): the gate that knows its people')
  .version(VERSION)
  .option('--config <file>', 'configuration file (default: /etc/kaimon/kaimon.yaml where it exists)')
  .option('--state <dir>', 'folder for people, cache and run-time files')
  .option('--json', 'one JSON document on standard output')
  .addHelpText(
    'after',
    '\nExit codes: 0 yes or done, 1 no, 2 wrong use, 3 unusable input, 4 environment not ready, 70 a defect of Kaimon.',
  );
const commands = [
  runCommand,
  demoCommand,
  embedCommand,
  verifyCommand,
  identifyCommand,
  enrollCommand,
  peopleCommand,
  modelsCommand,
  evaluateCommand,
  calibrateCommand,
  auditCommand,
  safeStateCommand,
  configCommand,
  doctorCommand,
];
for (const make of commands) program.addCommand(make());
exitByException(program);

process.on('uncaughtException', fail);
// The reader of the output may stop reading: `kaimon people list | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.yes);
  fail(error);
});
program.parseAsync().catch(fail);

/** Commander's own exit code for wrong use is 1, which means "no" here. */
function exitByException(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) exitByException(sub);
}

function fail(thrown: unknown): void {
  if (thrown instanceof CommanderError) {
    // Commander has printed it already.
    if (thrown.exitCode === 0) process.exit(EXIT.yes);
    printError({ code: 'KAIMON_USAGE', message: thrown.message });
    process.exit(EXIT.usage);
  }
  const known = thrown instanceof OperatingError;
  const code = known ? EXIT_OF[thrown.trouble] : EXIT.defect;
  const message = known
    ? `kaimon: ${explain(thrown)}`
    : `kaimon: a defect of Kaimon, please report it with the lines below and the log of the service (journalctl -u kaimon)\n${thrown instanceof Error ? thrown.stack : String(thrown)}`;
  // Never waits: the door is locked after this, when the process exits.
  writeLastWords(`${message}\n`);
  printError(
    known
      ? { code: thrown.code, reason: thrown.reason, message: thrown.message }
      : { code: 'KAIMON_DEFECT', message: 'a defect of Kaimon' },
  );
  process.exit(code);
}

/** Machines get one document, whatever happens. */
function printError(error: {
  readonly code: string;
  readonly reason?: string | undefined;
  readonly message: string;
}): void {
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error })}\n`);
}
