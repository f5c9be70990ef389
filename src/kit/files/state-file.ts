import { promises as fs } from 'node:fs';
import type { z } from 'zod';
import { type Clock, iso, type Timer } from '../clock.js';
import { messageOf, OperatingError } from '../errors.js';
import type { Log } from '../log.js';
import { errnoOf, removeStaleTemps, writeFileAtomic } from './atomic-file.js';
import { Saver } from './saver.js';

const RETRY = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0 } as const;

export interface StateFileOptions<T> {
  readonly file: string;
  /** What it holds, for the log. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** Taken where the file is missing or damaged. */
  readonly empty: T;
  /** Changes within this time are written together; a kill may lose as much. */
  readonly delayMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A small JSON document in the state folder that the gate can do without: a damaged one is set aside and logged, and the gate goes on
 * with an empty one. It is written whole and fsynced; while the disk refuses, the content stays in memory and is tried again.
 */
export class StateFile<T> {
  /** The content at the start. */
  readonly found: T;
  readonly #options: StateFileOptions<T>;
  readonly #saver: Saver;
  #now: () => T;
  #timer: Timer | undefined;

  private constructor(options: StateFileOptions<T>, found: T) {
    const { clock, log, name, file } = options;
    this.#options = options;
    this.found = found;
    this.#now = () => found;
    const write = () => writeFileAtomic(file, [`${JSON.stringify(this.#now())}\n`]);
    this.#saver = new Saver({ name, write, clock, log, retry: RETRY });
  }

  /** @throws OperatingError KAIMON_FILE_READ where the file is there and cannot be read */
  static async open<T>(options: StateFileOptions<T>): Promise<StateFile<T>> {
    await removeStaleTemps(options.file);
    return new StateFile(options, await read(options));
  }

  /** Writes soon what `now` returns at that moment. */
  save(now: () => T): void {
    this.#now = now;
    this.#timer ??= this.#options.clock.after(this.#options.delayMs, () => this.#write());
  }

  /** Writes at once what `now` returns. Resolves when it is on the disk; rejects with the error of the disk. */
  saveNow(now: () => T): Promise<void> {
    this.#now = now;
    return this.#saver.save();
  }

  /** Writes what still waits; a failure is only logged. */
  async close(): Promise<void> {
    const due = this.#timer !== undefined;
    this.#timer?.cancel();
    if (due) this.#write();
    try {
      await this.#saver.close();
    } catch (thrown) {
      this.#options.log.error({ why: messageOf(thrown) }, `the newest of ${this.#options.name} is lost`);
    }
  }

  #write(): void {
    this.#timer = undefined;
    // A failure is logged and tried again by the saver.
    this.#saver.save().catch(() => undefined);
  }
}

async function read<T>({ file, name, schema, empty, clock, log }: StateFileOptions<T>): Promise<T> {
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return empty;
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  const { data } = schema.safeParse(parsed(text));
  if (data !== undefined) return data;
  const aside = `${file}.corrupt-${iso(clock.wall()).replace(/[:.]/g, '-')}`;
  await fs.rename(file, aside);
  log.error({ file, aside }, `${name} damaged: set aside, going on with nothing`);
  return empty;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller sets the file aside and logs that.
    return undefined;
  }
}
