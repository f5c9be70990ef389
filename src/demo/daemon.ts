import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OperatingError } from '../kit/errors.js';

const PROGRAM = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const STOP_MS = 10_000;

/** The product itself, in a process of its own, as systemd would start it. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #how: string | undefined;

  /** @param options.heard what it says over the channel to its parent; without it there is no channel */
  constructor(options: {
    readonly config: string;
    readonly state: string;
    readonly log: string;
    readonly heard?: (message: unknown) => void;
  }) {
    // The demo's gate is configured by its file alone.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIMON_')));
    this.#child = spawn(process.execPath, [PROGRAM, 'run', '--config', options.config, '--state', options.state], {
      stdio: ['ignore', 'ignore', openSync(options.log, 'a'), ...(options.heard ? (['ipc'] as const) : [])],
      env,
    });
    if (options.heard) this.#child.on('message', options.heard);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message));
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    void this.#ended.then((how) => {
      this.#how = how;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Says something to it over the channel; nothing where there is none (any more). */
  tell(message: Serializable): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Rejects as soon as the daemon ends by itself. @param log where the reason stands */
  async failsEarly(log: string): Promise<never> {
    const how = await this.#ended;
    throw new OperatingError('KAIMON_DEMO', 'environment', `the gate ended by itself (${how}): see ${log}`);
  }

  /** @returns whether it stopped cleanly */
  async stop(): Promise<boolean> {
    if (this.#how !== undefined) return false;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const how = await this.#ended;
    clearTimeout(timer);
    return how === 'exit code 0';
  }
}
