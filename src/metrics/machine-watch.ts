import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type MachineFacts, readMachine } from '../host/machine/machine-facts.js';
import type { MachineFiles } from '../host/machine/machine-files.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';

/** What is read of machine and disk beside the gate's own figures. */
export interface WatchedFacts extends MachineFacts {
  readonly journalBytes: number | undefined;
}

type SizeOf = (path: string) => Promise<number>;
const sizeOnDisk: SizeOf = async (path) => (await stat(path)).size;

/** Read again at the first question after so long. */
const REFRESH_MS = 10_000;
/** The journal's files, which may be thousands, are looked at again after so long. */
const JOURNAL_REFRESH_MS = 60_000;
/** Older than this they are not told: a disk that hangs must not look well. */
const STALE_MS = 60_000;

/**
 * Reads the machine in the background: whoever asks gets what was read last, and a disk that hangs keeps nobody waiting. One thing is asked of
 * the disk at a time: each waits in a thread of its own, there are four, and people and journal need them as well.
 */
export class MachineWatch {
  readonly #files: MachineFiles;
  readonly #state: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #facts: WatchedFacts | undefined;
  #readMs: MonotonicMs | undefined;
  #reading: Promise<void> | undefined;
  readonly #sizeOf: SizeOf;
  #journalDueMs = 0;

  /** @param state the state folder @param sizeOf a file's size */
  constructor(files: MachineFiles, state: string, clock: Pick<Clock, 'monotonic'>, sizeOf: SizeOf = sizeOnDisk) {
    this.#files = files;
    this.#state = state;
    this.#clock = clock;
    this.#sizeOf = sizeOf;
  }

  /** What was read last; undefined where that is too long ago. Has it read anew where it is time. */
  get facts(): WatchedFacts | undefined {
    const age = this.#readMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - this.#readMs;
    if (age >= REFRESH_MS) void this.refresh();
    return age <= STALE_MS ? this.#facts : undefined;
  }

  /** Resolves when it was read; a second call waits for the first. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const machine = await readMachine(this.#files, this.#state);
    this.#facts = { ...machine, journalBytes: this.#facts?.journalBytes };
    this.#readMs = this.#clock.monotonic();
    if (this.#readMs < this.#journalDueMs) return;
    const journalBytes = await folderBytes(join(this.#state, 'journal'), this.#sizeOf);
    this.#facts = { ...machine, journalBytes };
    this.#journalDueMs = this.#clock.monotonic() + (journalBytes === undefined ? 0 : JOURNAL_REFRESH_MS);
  }
}

/** What the files of a folder and those below it take, looked at one after the other; undefined where it is not there. */
async function folderBytes(folder: string, sizeOf: SizeOf): Promise<number | undefined> {
  try {
    let bytes = 0;
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      // One that was purged meanwhile takes nothing.
      bytes += (entry.isDirectory() ? await folderBytes(path, sizeOf) : await sizeOf(path).catch(() => 0)) ?? 0;
    }
    return bytes;
  } catch {
    // There is no journal, or its folder cannot be read: the state says so.
    return undefined;
  }
}
