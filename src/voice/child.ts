import { execFile } from 'node:child_process';
import { OperatingError } from '../kit/errors.js';

/** Most bytes kept of what a child prints. */
const PRINTED_BYTES_MAX = 64 * 1024;

/** Most characters of what a child prints that go into an error. */
const QUOTED_MAX = 200;

export interface Child {
  readonly program: string;
  /** Handed over unchanged: no shell reads them. */
  readonly args: readonly string[];
  /** Set on top of this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; empty if left out. */
  readonly input?: string;
  /** Milliseconds after which the child is killed. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end.
 * @throws OperatingError KAIMON_VOICE when it is missing, fails, takes too long or is aborted.
 */
export function runChild({ program, args, env, input, limitMs, signal }: Child): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...process.env, ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: PRINTED_BYTES_MAX,
      signal,
    };
    const child = execFile(program, args, options, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new OperatingError('KAIMON_VOICE', whyItFailed(program, error, stderr), { cause: error }));
    });
    // A child that ends without reading its input breaks the pipe; whether it succeeded shows in its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

function whyItFailed(program: string, error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  if (error.code === 'ENOENT') return `${program} is not installed: install the package that holds it`;
  if (error.killed) return `${program} took too long and was killed`;
  const last = stderr.trim().split('\n').at(-1)?.slice(0, QUOTED_MAX);
  return `${program} failed (${String(error.code)}): ${last || 'no word why'}`;
}
