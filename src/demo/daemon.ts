import type { ChildProcess, Serializable } from 'node:child_process';
import { openSync } from 'node:fs';
import { OperatingError } from '../kit/errors.js';
import { endDaemon, spawnDaemon } from './spawn-daemon.js';

/** The product itself, in a process of its own, as systemd would start it. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #how: string | undefined;

  /** @param options.onMessage gets what comes over the channel to the parent; without it there is no channel */
  constructor(options: {
    readonly config: string;
    readonly state: string;
    readonly log: string;
    readonly onMessage?: (message: unknown) => void;
  }) {
    const { log, onMessage } = options;
    const stdio = ['ignore', 'ignore', openSync(log, 'a'), ...(onMessage ? (['ipc'] as const) : [])] as const;
    this.#child = spawnDaemon(options, [...stdio]);
    if (onMessage) this.#child.on('message', onMessage);
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

  /** Sends a message over the channel; does nothing where there is none, or none any more. */
  send(message: Serializable): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Rejects as soon as the daemon ends by itself. @param log where the reason stands */
  async failsEarly(log: string): Promise<never> {
    const how = await this.#ended;
    throw new OperatingError('KAIMON_DEMO', `the gate ended by itself (${how}): see ${log}`);
  }

  /** @returns whether it stopped cleanly */
  async stop(): Promise<boolean> {
    if (this.#how !== undefined) return false;
    return (await endDaemon(this.#child, this.#ended)) === 'exit code 0';
  }
}
