/** The segment that is being written: two files, one of the chain and one of personal fields. */
import type { DiskFile, JournalDisk } from './disk.js';
import { personalName } from './segment.js';

/** Knows how many bytes of each file are good. */
export class OpenSegment {
  readonly name: string;
  readonly #disk: JournalDisk;
  #files: { readonly chain: DiskFile; readonly personal: DiskFile } | undefined;
  #chainBytes: number;
  #personalBytes: number;

  constructor(disk: JournalDisk, name: string, chainBytes: number, personalBytes: number) {
    this.#disk = disk;
    this.name = name;
    this.#chainBytes = chainBytes;
    this.#personalBytes = personalBytes;
  }

  get chainBytes(): number {
    return this.#chainBytes;
  }
  get bytes(): number {
    return this.#chainBytes + this.#personalBytes;
  }

  /**
   * Appends to both files; resolves after the fsyncs. Personal fields are on the disk before the entry that commits to
   * them: where they are missing they were erased. After a failure the files are opened again and cut to what was good,
   * because after a failed fsync the kernel forgets what it did not write.
   */
  async write({ chain, personal }: { readonly chain: Buffer; readonly personal: Buffer }): Promise<void> {
    const files = this.#files ?? (await this.#open());
    try {
      if (personal.length > 0) {
        await files.personal.append(personal);
        await files.personal.sync();
      }
      await files.chain.append(chain);
      await files.chain.sync();
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    this.#chainBytes += chain.length;
    this.#personalBytes += personal.length;
  }

  async replacePersonal(bytes: Buffer): Promise<void> {
    await this.close();
    await this.#disk.replace(personalName(this.name), bytes);
    this.#personalBytes = bytes.length;
  }

  /** Never throws: what was written is on the disk already. The next write opens it again. */
  async close(): Promise<void> {
    const files = this.#files;
    this.#files = undefined;
    // A file that cannot be closed failed in a write before, which was reported then.
    if (files) await Promise.allSettled([files.chain.close(), files.personal.close()]);
  }

  async #open() {
    const chain = await this.#disk.open(this.name);
    let personal: DiskFile | undefined;
    try {
      personal = await this.#disk.open(personalName(this.name));
      await personal.truncate(this.#personalBytes);
      await chain.truncate(this.#chainBytes);
    } catch (thrown) {
      await Promise.allSettled([chain.close(), personal?.close()]);
      throw thrown;
    }
    this.#files = { chain, personal };
    return this.#files;
  }
}
