import { execFile } from 'node:child_process';
import type { NoticeSender } from './notice-sender.js';
import { noticeLines, type PendingNotice } from './notify.js';

/** A `systemd-notify` that hangs is killed after this long; systemd itself answers within milliseconds. */
const CHILD_LIMIT_MS = 5000;

/**
 * Sends through a child `systemd-notify`, which knows every kind of address. The unit needs `NotifyAccess=all` for it: the message comes from
 * the child. Where no process can be started it fails.
 */
export class ProgramSender implements NoticeSender {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #program: string;

  /** @param program found by PATH */
  constructor(env: Readonly<Record<string, string | undefined>>, program = 'systemd-notify') {
    this.#env = env;
    this.#program = program;
  }

  send(notice: PendingNotice): Promise<'sent' | 'full'> {
    const options = { env: this.#env, timeout: CHILD_LIMIT_MS, killSignal: 'SIGKILL' } as const;
    // In the promise, since a spawn without memory throws at once instead of calling back.
    return new Promise((resolve, reject) => {
      execFile(this.#program, programArguments(notice), options, (error) =>
        error === null ? resolve('sent') : reject(error),
      );
    });
  }
}

/** Only readiness has an option of its own that counts: the program takes any other assignment as it is. */
export const programArguments = (notice: PendingNotice): readonly string[] =>
  noticeLines(notice).map((line) => (line === 'READY=1' ? '--ready' : line.replace(/^STATUS=/, '--status=')));
