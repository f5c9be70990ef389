import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explain } from '../kit/errors.js';
import { makeFolder } from '../kit/files/make-folder.js';
import type { Log } from '../kit/log.js';
import type { RunState } from './run-state.js';

export interface RunStateFileParts {
  readonly file: string;
  readonly state: () => RunState;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/**
 * The state in the run folder. Nothing waits for it: one write runs at a time, and what changes meanwhile is in the next one, which takes
 * the state of its own moment. A folder that cannot be written is logged once and costs nothing else.
 */
export class RunStateFile {
  readonly #parts: RunStateFileParts;
  #writing: Promise<void> | undefined;
  #due = false;
  #closed = false;
  #fault: string | undefined;

  constructor(parts: RunStateFileParts) {
    this.#parts = parts;
  }

  /** The state is to be written. Never throws. */
  note(): void {
    if (this.#closed) return;
    this.#due = true;
    this.#writing ??= this.#writeAll();
  }

  /** Writes no more, and removes the file: what it says is not true any longer. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    // Where the folder takes no file there is none to remove.
    if (this.#fault === undefined) await rm(this.#parts.file, { force: true });
  }

  async #writeAll(): Promise<void> {
    while (this.#due) {
      this.#due = false;
      await this.#write();
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const { file, state, log } = this.#parts;
    try {
      await makeFolder(dirname(file));
      // No fsync: the run folder lies in memory, and after a power cut the state is another one anyway.
      await writeFile(`${file}.new`, `${JSON.stringify(state())}\n`, { mode: 0o640 });
      await rename(`${file}.new`, file);
      if (this.#fault !== undefined) log.info({ file }, 'how the gate is can be written again');
      this.#fault = undefined;
    } catch (thrown) {
      const why = explain(thrown);
      if (why !== this.#fault) log.warn({ file, why }, 'how the gate is cannot be written for other programs');
      this.#fault = why;
    }
  }
}
