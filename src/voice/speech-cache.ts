import { createHash } from 'node:crypto';
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../kit/files/make-folder.js';
import { WAV_HEADER_BYTES, wavSeconds } from './wav.js';

/** Bounds of the cache; beyond them the least recently spoken files are removed. */
export interface CacheLimits {
  readonly files: number;
  readonly bytes: number;
}

export const CACHE_LIMITS: CacheLimits = { files: 200, bytes: 50 * 1024 * 1024 };

/** A whole WAV file. */
export interface SpokenFile {
  readonly file: string;
  readonly seconds: number;
}

/** The name of a sound file: a hash of `parts`, which must be everything that changes the sound. */
export const speechKey = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex');

async function inspect(file: string): Promise<SpokenFile | null> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const header = Buffer.alloc(WAV_HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, WAV_HEADER_BYTES, 0);
    const seconds = wavSeconds(header.subarray(0, bytesRead), size);
    return seconds === null ? null : { file, seconds };
  } finally {
    await handle.close();
  }
}

/** Sound files of greetings, made once and played often. For one process at a time. */
export class SpeechCache {
  readonly #folder: string;
  readonly #limits: CacheLimits;

  constructor(folder: string, limits: CacheLimits = CACHE_LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** The file for `key`. Where it is missing or damaged, `make` is called to write WAV to a path. */
  async get(key: string, make: (file: string) => Promise<void>): Promise<SpokenFile> {
    const file = join(this.#folder, `${key}.wav`);
    const kept = await inspect(file);
    if (kept !== null) {
      const now = new Date();
      await utimes(file, now, now);
      return kept;
    }
    // The files say people's names, so they are readable by this user only.
    await makeFolder(this.#folder, 0o700);
    const temporary = join(this.#folder, `${key}.tmp`);
    try {
      await make(temporary);
      const made = await inspect(temporary);
      if (made === null) throw new Error('the voice gave no sound');
      await rename(temporary, file);
      await this.#prune(file);
      return { file, seconds: made.seconds };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Removes what is beyond the limits, never `newest`, and what a crash left half made. */
  async #prune(newest: string): Promise<void> {
    const files = (await readdir(this.#folder)).map((name) => join(this.#folder, name));
    await Promise.all(files.filter((file) => file.endsWith('.tmp')).map((file) => rm(file, { force: true })));
    const spoken = await Promise.all(
      files
        .filter((file) => file.endsWith('.wav'))
        .map(async (file) => {
          const { mtimeMs, size } = await stat(file);
          return { file, mtimeMs: file === newest ? Number.POSITIVE_INFINITY : mtimeMs, size };
        }),
    );
    let bytes = 0;
    const late = spoken
      .sort((a, b) => b.mtimeMs - a.mtimeMs)
      .filter(({ size, file }, index) => {
        bytes += size;
        return file !== newest && (index >= this.#limits.files || bytes > this.#limits.bytes);
      });
    await Promise.all(late.map(({ file }) => rm(file, { force: true })));
  }
}
