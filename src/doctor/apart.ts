import { fork } from 'node:child_process';
import { z } from 'zod';
import { type Checked, type Finding, problem } from './finding.js';

/** Tells this very command that it looks for another process, which prints. */
export const APART = '--apart';

/** Each thing that a disk does not answer takes a thread for good; the others need theirs. */
const THREADS = '32';

const partSchema = z.object({
  /** undefined: this was all. */
  part: z.string().optional(),
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

interface ApartOptions {
  readonly limitMs: number;
  /** What is looked at, in the order of the screen. */
  readonly parts: readonly string[];
  /** The program and what it is given; this same command unless named. */
  readonly command?: readonly string[];
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Runs this same command once more in a process of its own, and waits for what it finds, part by part, but no longer than `limitMs`. A thread that
 * waits for a disk that hangs would keep the process itself from ending, whatever it does; and a native package may end it. What came until
 * then is told, and what did not is named.
 */
export function examineApart({
  limitMs,
  parts,
  command = process.argv.slice(1),
}: ApartOptions): Promise<Checked | Ended> {
  const [program = '', ...given] = command;
  const child = fork(program, [...given, APART], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, UV_THREADPOOL_SIZE: THREADS },
  });
  const came = new Map<string, Checked>();
  return new Promise((resolve) => {
    const settle = (found: Checked | Ended) => {
      clearTimeout(timer);
      for (const [signal, end] of ends) process.removeListener(signal, end);
      child.removeAllListeners();
      child.on('error', () => undefined);
      child.kill('SIGKILL');
      if (child.connected) child.disconnect();
      // One that waits for a disk cannot even be killed: it is left behind.
      child.unref();
      resolve(found);
    };
    const end = (...why: readonly Finding[]) => settle(together(parts, came, why));
    const seconds = `${limitMs / 1000} s`;
    const timer = setTimeout(() => {
      const missing = parts.filter((part) => !came.has(part));
      end(problem('doctor', `no answer within ${seconds}: ${missing.join(', ')}`, 'does a disk hang? See dmesg'));
    }, limitMs);
    // It has an eye, and with it the camera: it must not outlive this one.
    const ends = Object.entries(SIGNALS).map(([name, number]) => {
      const signal = name as keyof typeof SIGNALS;
      const pass = () => {
        child.kill(signal);
        process.exit(128 + number);
      };
      process.once(signal, pass);
      return [signal, pass] as const;
    });
    child.on('message', (message) => {
      const { part, ...found } = partSchema.parse(message);
      if (part === undefined) end(...found.findings);
      else came.set(part, found);
    });
    child.on('error', (error) => end(problem('doctor', `it cannot be started: ${error.message}`)));
    child.on('exit', (code, signal) => {
      if (code !== null && came.size === 0) settle({ exitCode: code });
      else end(problem('doctor', `it was ended by ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** What came of all parts, in their order. */
function together(parts: readonly string[], came: ReadonlyMap<string, Checked>, others: readonly Finding[]): Checked {
  const found = parts.flatMap((part) => came.get(part) ?? []);
  return {
    findings: [...found.flatMap(({ findings }) => findings), ...others],
    numbers: Object.assign({}, ...found.map(({ numbers }) => numbers)) as Record<string, number>,
  };
}

/** Tells the process that waits what is found, part by part. */
export interface Teller {
  part(name: string, found: Checked): void;
  /** Resolves when all of it was handed over. */
  all(): Promise<void>;
}

/** To be called before anything is looked at: from now on this process ends with the one that waits, and with it the eye that has the camera. */
export function tellApart(): Teller {
  if (process.send === undefined) throw new Error(`${APART} is for the doctor itself`);
  // Not by exit, which would wait for a thread that waits for a disk. An eye ends when nobody listens to it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const send = (part: string | undefined, { findings, numbers = {} }: Checked) =>
    new Promise<void>((resolve) => {
      // One that is gone is told nothing, and this process ends.
      process.send?.({ part, findings, numbers }, () => resolve());
    });
  return {
    part: (name, found) => void send(name, found),
    all: () => send(undefined, { findings: [] }),
  };
}
