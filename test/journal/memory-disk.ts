import type { DiskFile, JournalDisk, StoredFile } from '../../src/journal/disk.js';

/** What a file holds now, and how much of it is sure to outlive a power cut. */
interface Content {
  bytes: Buffer;
  safe: number;
}

/** Thrown by every act after the simulated end of the process. */
export class Gone extends Error {}

/**
 * A disk in memory that can end the process before any of its acts, refuse, or hang. After the end, `afterKill` and
 * `afterPowerCut` give the disk that the next process finds.
 */
export class MemoryDisk implements JournalDisk {
  readonly folder = 'memory';
  readonly files = new Map<string, Content>();
  acts = 0;
  /** The act at which the process ends; the write that is under way is done in this part. */
  endAt = Number.POSITIVE_INFINITY;
  endPart = 0;
  /** May throw, or wait. */
  before: (act: string, name: string) => Promise<void> | void = () => undefined;

  static of(files: Iterable<readonly [string, Buffer]>): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [name, bytes] of files) disk.files.set(name, { bytes: Buffer.from(bytes), safe: bytes.length });
    return disk;
  }

  afterKill(): MemoryDisk {
    return MemoryDisk.of(Array.from(this.files, ([name, { bytes }]) => [name, bytes] as const));
  }

  /** @param kept share of the unsynced bytes that reached the disk @param nul whether the others are there as NUL bytes */
  afterPowerCut(kept: number, nul: boolean): MemoryDisk {
    const survive = ({ bytes, safe }: Content) => {
      const part = safe + Math.floor((bytes.length - safe) * kept);
      return nul
        ? Buffer.concat([bytes.subarray(0, part), Buffer.alloc(bytes.length - part)])
        : bytes.subarray(0, part);
    };
    return MemoryDisk.of(Array.from(this.files, ([name, content]) => [name, survive(content)] as const));
  }

  text(name: string): string {
    return this.files.get(name)?.bytes.toString('utf8') ?? '';
  }

  async prepare(): Promise<void> {
    await this.#act('prepare', '');
  }

  async list(): Promise<readonly StoredFile[]> {
    await this.#act('list', '');
    return Array.from(this.files, ([name, { bytes }]) => ({ name, bytes: bytes.length })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  async read(name: string, tail?: number): Promise<Buffer | undefined> {
    await this.#act('read', name);
    const bytes = this.files.get(name)?.bytes;
    return bytes && Buffer.from(tail === undefined ? bytes : bytes.subarray(Math.max(0, bytes.length - tail)));
  }

  async slice(name: string, from: number, length: number) {
    await this.#act('slice', name);
    const bytes = this.files.get(name)?.bytes;
    return bytes && { bytes: Buffer.from(bytes.subarray(from, from + length)), size: bytes.length };
  }

  async open(name: string): Promise<DiskFile> {
    await this.#act('open', name);
    if (!this.files.has(name)) this.files.set(name, { bytes: Buffer.alloc(0), safe: 0 });
    const content = this.files.get(name) as Content;
    return {
      append: async (bytes) => {
        await this.#act('append', name, (part) => {
          content.bytes = Buffer.concat([content.bytes, bytes.subarray(0, Math.floor(bytes.length * part))]);
        });
      },
      sync: async () => {
        await this.#act('sync', name);
        content.safe = content.bytes.length;
      },
      truncate: async (length) => {
        await this.#act('truncate', name);
        content.bytes = content.bytes.subarray(0, length);
        content.safe = Math.min(content.safe, length);
      },
      close: () => Promise.resolve(),
    };
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.#act('replace', name);
    this.files.set(name, { bytes: Buffer.from(bytes), safe: bytes.length });
  }

  async remove(name: string): Promise<void> {
    await this.#act('remove', name);
    this.files.delete(name);
  }

  async #act(act: string, name: string, write: (part: number) => void = () => undefined): Promise<void> {
    if (this.acts >= this.endAt) {
      if (this.acts++ === this.endAt) write(this.endPart);
      throw new Gone('the process is gone');
    }
    this.acts++;
    await this.before(act, name);
    write(1);
  }
}
