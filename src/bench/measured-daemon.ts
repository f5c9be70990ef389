import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const PROGRAM = fileURLToPath(new URL('../cli/main.js', import.meta.url));
/** As scripts/kaimon starts it. */
const NODE_OPTIONS = ['--max-semi-space-size=2'];
const STOP_MS = 10_000;
/** Lines of the log kept for the message when it ends by itself. */
const TAIL_LINES = 10;

/** One line of the daemon's log. */
export interface LogLine {
  readonly msg: string;
  readonly time: string;
  readonly [field: string]: unknown;
}

/** Memory of one process, bytes. */
export interface Memory {
  /** Resident. Pages of shared libraries count in every process that maps them. */
  readonly rss: number;
  /** Resident, shared pages divided by those who share them: what the processes cost together. 0 where Linux hides it. */
  readonly pss: number;
}

/** The daemon with a replayed camera, its log read line by line: for measurements. Linux only. */
export class WatchedDaemon {
  readonly startedAt: number;
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #waiters = new Map<(line: LogLine) => boolean, (line: LogLine) => void>();
  readonly #seen: string[] = [];
  readonly #ended: Promise<void>;

  /**
   * @param folder an empty one, for configuration and state. @param config beside what makes it quiet and alone
   */
  constructor(folder: string, config: Readonly<Record<string, unknown>>) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'kaimon.yaml');
    writeFileSync(file, stringify({ greeting: { speak: false }, mqtt: { enabled: false }, ...config }));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KAIMON_|NOTIFY_)/.test(name)));
    this.startedAt = Date.now();
    const run = [...NODE_OPTIONS, PROGRAM, 'run', '--config', file, '--state', join(folder, 'state')];
    this.#child = spawn(process.execPath, run, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    createInterface({ input: this.#child.stderr }).on('line', (text) => this.#hear(text));
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The daemon's only child while it is silent; undefined before and between two eyes. */
  get eyePid(): number | undefined {
    const [first] = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(' ');
    return first ? Number(first) : undefined;
  }

  /** The next log line as wanted. @throws when the daemon ends before */
  async line(wanted: (line: LogLine) => boolean): Promise<LogLine> {
    const line = await Promise.race([
      new Promise<LogLine>((resolve) => this.#waiters.set(wanted, resolve)),
      this.#ended.then(() => undefined),
    ]);
    if (line) return line;
    throw new Error(`the daemon ended by itself: ${this.#seen.join(' | ')}`);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #hear(text: string): void {
    this.#seen.push(text);
    if (this.#seen.length > TAIL_LINES) this.#seen.shift();
    // Native libraries write to standard error too.
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as LogLine;
    for (const [wanted, resolve] of this.#waiters)
      if (wanted(line)) {
        this.#waiters.delete(wanted);
        resolve(line);
      }
  }
}

/** @throws when the process is gone */
export function memoryOf(pid: number): Memory {
  const kilobytes = (file: string, field: string) => {
    const [, value] =
      new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8')) ?? [];
    return Number(value ?? 0) * 1024;
  };
  return { rss: kilobytes('status', 'VmRSS'), pss: kilobytes('smaps_rollup', 'Pss') };
}
