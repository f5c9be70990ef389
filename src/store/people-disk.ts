/** The file of the people as its one writer has it: the lock, and what the file and its last good copy hold. */
import { explain } from '../kit/errors.js';
import { Signal } from '../kit/signal.js';
import { endsWithin } from '../kit/within.js';
import type { PeopleDocument } from './people-document.js';
import { setAbsentAside } from './people-file.js';
import type { PeopleStoreOptions } from './people-options.js';
import { type Found, openWriter, type Writer } from './people-writer.js';

interface Taking {
  /** The people are in memory already: the file is not needed to know them. */
  readonly known: boolean;
  /** Takes over what the file holds, before anything is written. */
  readonly take: (found: Found) => void;
}

export class PeopleDisk {
  /** Raised while files are read and written, whenever a part of them is done. */
  readonly progress = new Signal();
  readonly #options: PeopleStoreOptions;
  /** The right to write; undefined while there is none. */
  #writer: Writer | undefined;
  /** How many removals the file and its last good copy hold. */
  #copiedRemovals = 0;

  constructor(options: PeopleStoreOptions) {
    this.#options = options;
  }

  /** Whether there is the right to write, as far as is known. */
  get isOpen(): boolean {
    return this.#writer !== undefined;
  }

  /** Whether nobody else may have written since; false also where the disk does not say. */
  holds(): Promise<boolean> {
    return this.#writer?.lock.holds().catch(() => false) ?? Promise.resolve(false);
  }

  /** Takes the lock and reads the file. @throws OperatingError as {@link openWriter} */
  async open({ known, take }: Taking = { known: false, take: () => undefined }): Promise<Found> {
    const { writer, ...found } = await openWriter(this.#options, { known, onProgress: this.progress.raise });
    try {
      take(found);
    } catch (thrown) {
      await writer.lock.release().catch(() => undefined); // only the first error is reported
      throw thrown;
    }
    this.#writer = writer;
    return found;
  }

  /** Opens the file unless it is open and the lock still held. @throws OperatingError as {@link openWriter} */
  async ready(taking: Taking): Promise<void> {
    if (this.#writer && (await this.#writer.lock.holds())) return;
    const { file, log } = this.#options;
    if (this.#writer) log.warn({ file }, 'the lock of the people store was lost: reading its file anew');
    this.#writer = undefined;
    await this.open(taking);
  }

  /** Writes the people. Only while it is {@link ready}. @param removals how many removals there were so far */
  async write(document: PeopleDocument, removals: number): Promise<void> {
    if (!this.#writer) throw new Error('the people file is not open');
    const { low } = this.#writer;
    low.data = document;
    await low.write();
    if (removals === this.#copiedRemovals) return;
    this.progress.raise();
    // The last good copy is the file from before: with a damaged file whoever was removed would be enrolled again.
    await low.write();
    this.#copiedRemovals = removals;
  }

  /** Moves the files away before the next write: see {@link setAbsentAside}. Only while it is {@link ready}. */
  async setAside(): Promise<void> {
    if (!this.#options.storage) await setAbsentAside(this.#options.file, this.#options.clock);
  }

  /** Lets another process write, or leaves the lock where the disk refuses or does not answer within `leftMs`; never throws. */
  async release(leftMs: number): Promise<void> {
    const { clock, log } = this.#options;
    if (!this.#writer) return;
    let why = 'the disk hangs';
    try {
      if (leftMs > 0 && (await endsWithin(clock, leftMs, this.#writer.lock.release()))) return;
    } catch (thrown) {
      why = explain(thrown);
    }
    log.warn({ why }, 'the lock of the people store stays; once this process is gone the next one takes it over');
  }
}
