import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DAY_MS = 86_400_000;
/** No entry of the journal is longer. */
const TAIL_BYTES = 8192;

/**
 * Follows dated files of a gate, and says which are there too long or are gone too early. It knows of their times only what stands in
 * them or their names.
 */
export class KeptFiles {
  readonly #days: number;
  readonly #timesMs = new Map<string, number>();
  purged = 0;

  constructor(days: number) {
    this.#days = days;
  }

  knows(name: string): boolean {
    return this.#timesMs.has(name);
  }

  /** A file is there. @param timeMs of the newest that it holds */
  note(name: string, timeMs: number): void {
    this.#timesMs.set(name, timeMs);
  }

  /**
   * @param names what is there now
   * @param purgedMs when files were last to be purged by age; undefined: not while the clock is not trusted
   * @param latestMs the latest time that a gate may have gone by
   */
  wrong(names: readonly string[], purgedMs: number | undefined, latestMs: number): string[] {
    const wrong: string[] = [];
    for (const [name, timeMs] of this.#timesMs) {
      const there = names.includes(name);
      if (there && purgedMs !== undefined && purgedMs - timeMs > this.#days * DAY_MS)
        wrong.push(`${name} is still there`);
      if (there) continue;
      this.#timesMs.delete(name);
      this.purged++;
      if (latestMs - timeMs <= this.#days * DAY_MS) wrong.push(`${name} is gone too early`);
    }
    return wrong;
  }
}

/** Takes note of the journal's closed files. @returns the names of all of them */
export async function noteJournal(state: string, kept: KeptFiles): Promise<readonly string[]> {
  const folder = join(state, 'journal');
  const names = (await readdir(folder)).filter((name) => /^\d+\.jsonl$/.test(name)).sort();
  for (const name of names.slice(0, -1)) if (!kept.knows(name)) kept.note(name, await lastTime(join(folder, name)));
  return names;
}

async function lastTime(file: string): Promise<number> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(TAIL_BYTES),
      0,
      TAIL_BYTES,
      Math.max(0, size - TAIL_BYTES),
    );
    const times = [...buffer.toString('utf8', 0, bytesRead).matchAll(/"time":"([^"]+)"/g)];
    return Date.parse(times.at(-1)?.[1] ?? '');
  } finally {
    await handle.close();
  }
}

/** Leaves a picture of an attack behind, as the gate names them. */
export async function leavePicture(state: string, atMs: number, kept: KeptFiles): Promise<void> {
  const name = `${new Date(atMs).toISOString().replaceAll(':', '-')}-track-1.jpg`;
  await writeFile(join(state, 'evidence', name), '');
  kept.note(name, atMs);
}

export const pictures = (state: string): Promise<readonly string[]> => readdir(join(state, 'evidence'));
