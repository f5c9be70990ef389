import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { stringify } from 'yaml';
import { endDaemon, spawnDaemon } from '../demo/spawn-daemon.js';

/** As scripts/kaimon starts it. */
const NODE_OPTIONS = ['--max-semi-space-size=2'];
/** Lines of the log that are kept for the message when it ends by itself. */
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
  /** Resident, each shared page divided by the processes that share it: these add up. 0 where Linux hides it. */
  readonly pss: number;
}

/** The daemon with its log read line by line, for measurements. Linux only. */
export class MeasuredDaemon {
  readonly startedAt: number;
  readonly #child: ChildProcess;
  readonly #waiters = new Map<(line: LogLine) => boolean, (line: LogLine) => void>();
  readonly #tail: string[] = [];
  readonly #ended: Promise<void>;

  /** @param folder an empty one, for configuration and state. @param config added to silence and no MQTT */
  constructor(folder: string, config: Readonly<Record<string, unknown>>) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'kaimon.yaml');
    writeFileSync(file, stringify({ greeting: { speak: false }, mqtt: { enabled: false }, ...config }));
    this.startedAt = Date.now();
    const files = { config: file, state: join(folder, 'state') };
    this.#child = spawnDaemon(files, ['ignore', 'ignore', 'pipe'], NODE_OPTIONS);
    createInterface({ input: this.#child.stderr as Readable }).on('line', (text) => this.#read(text));
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
    // Bubblewrap, which keeps it in a sandbox, stands between the two.
    const within = (parent: number): number | undefined => {
      const [first] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
      if (!first) return undefined;
      return readFileSync(`/proc/${first}/comm`, 'utf8').trim() === 'bwrap' ? within(Number(first)) : Number(first);
    };
    return within(this.pid);
  }

  /** The next log line as wanted. @throws when the daemon ends before */
  async line(wanted: (line: LogLine) => boolean): Promise<LogLine> {
    const line = await Promise.race([
      new Promise<LogLine>((resolve) => this.#waiters.set(wanted, resolve)),
      this.#ended.then(() => undefined),
    ]);
    if (line) return line;
    throw new Error(`the daemon ended by itself: ${this.#tail.join(' | ')}`);
  }

  async stop(): Promise<void> {
    await endDaemon(this.#child, this.#ended);
  }

  #read(text: string): void {
    this.#tail.push(text);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
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
