import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type MachineFacts, readMachine } from '../host/machine/machine-facts.js';
import type { MachineFiles } from '../host/machine/machine-files.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';

/** What is read of machine and disk beside the gate's own figures. */
export interface WatchedFacts extends MachineFacts {
  readonly journalBytes: number | undefined;
}

/** Read again at the first question after so long. */
const REFRESH_MS = 10_000;
/** Older than this they are not told: a disk that hangs must not look well. */
const STALE_MS = 60_000;

/** Reads the machine in the background: whoever asks gets what was read last, and a disk that hangs keeps nobody waiting. */
export class MachineWatch {
  readonly #files: MachineFiles;
  readonly #state: string;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #facts: WatchedFacts | undefined;
  #readMs: MonotonicMs | undefined;
  #reading: Promise<void> | undefined;

  /** @param state the state folder */
  constructor(files: MachineFiles, state: string, clock: Pick<Clock, 'monotonic'>) {
    this.#files = files;
    this.#state = state;
    this.#clock = clock;
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
    const [machine, journalBytes] = await Promise.all([
      readMachine(this.#files, this.#state),
      folderBytes(join(this.#state, 'journal')),
    ]);
    this.#facts = { ...machine, journalBytes };
    this.#readMs = this.#clock.monotonic();
  }
}

/** What the files of a folder take; undefined where it is not there. */
async function folderBytes(folder: string): Promise<number | undefined> {
  try {
    const names = await readdir(folder);
    // One that was purged meanwhile takes nothing.
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(folder, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    // There is no journal, or its folder cannot be read: the state says so.
    return undefined;
  }
}
