import { fork } from 'node:child_process';
import { z } from 'zod';
import { type Checked, findings, problem } from './finding.js';

/** Tells this very command that it looks for another process, which prints. */
export const APART = '--apart';

const checkedSchema = z.object({
  findings: z.array(
    z.object({
      what: z.string(),
      result: z.enum(['ok', 'warning', 'problem']),
      text: z.string(),
      advice: z.string().exactOptional(),
    }),
  ),
  numbers: z.record(z.string(), z.number()),
});

/** How a command ended that had nothing to tell: wrong use, a configuration with mistakes. It has said why itself. */
export interface Ended {
  readonly exitCode: number;
}

/**
 * Runs this same command once more in a process of its own, and waits for what it finds, but no longer than `limitMs`. A thread that waits for a
 * disk that hangs would keep the process itself from ending, whatever it does; and a native package may end it.
 */
export function examineApart(limitMs: number): Promise<Checked | Ended> {
  const [, program = '', ...given] = process.argv;
  const child = fork(program, [...given, APART], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve) => {
    const settle = (found: Checked | Ended) => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.on('error', () => undefined);
      child.kill('SIGKILL');
      if (child.connected) child.disconnect();
      // One that waits for a disk cannot even be killed: it is left behind.
      child.unref();
      resolve(found);
    };
    const late = problem('doctor', `no answer within ${limitMs / 1000} s`, 'does a disk hang? See dmesg');
    const timer = setTimeout(() => settle(findings(late)), limitMs);
    child.on('message', (message) => settle(checkedSchema.parse(message)));
    child.on('error', (error) => settle(findings(problem('doctor', `it cannot be started: ${error.message}`))));
    child.on('exit', (code, signal) =>
      settle(code === null ? findings(problem('doctor', `it was ended by ${signal}`)) : { exitCode: code }),
    );
  });
}

/** Tells the process that waits what was found, and ends when that one is gone. */
export function tellApart({ findings, numbers = {} }: Checked): Promise<void> {
  process.once('disconnect', () => process.exit());
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error(`${APART} is for the doctor itself`);
    process.send({ findings, numbers }, () => resolve());
  });
}
