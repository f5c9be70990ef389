#!/usr/bin/env node
/** The command line's start, and how failures end. What there is to type stands in program.ts. */
import { type Command, CommanderError } from 'commander';
import { EXIT, explain, OperatingError, type Trouble } from '../kit/errors.js';
import { writeLastWords } from '../kit/logging/standard-error.js';
import { makeProgram } from './program.js';

const EXIT_OF: Readonly<Record<Trouble, number>> = {
  usage: EXIT.usage,
  input: EXIT.input,
  environment: EXIT.environment,
};

const program = makeProgram();
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
