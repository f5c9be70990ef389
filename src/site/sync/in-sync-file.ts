import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../../config/opening.js';
import { type Clock, iso, type WallMs, wallMs } from '../../kit/clock.js';
import type { DocumentFormat } from '../../kit/files/format.js';
import { StateFile } from '../../kit/files/state-file.js';

/** The formats of sync.json. */
export const IN_SYNC_FORMAT: DocumentFormat = { name: 'when the gate was last in sync', key: 'schema', steps: [] };

/** What it holds: by a trusted clock, when this gate and its site last knew the same people; null: never. */
export const inSyncSchema = z.strictObject({ schema: z.literal(1), inSync: z.iso.datetime().nullable() });
type Kept = z.infer<typeof inSyncSchema>;

export const IN_SYNC_FILE = 'sync.json';

/** How often it is written at most: memory cards wear, and days are counted. */
const SAVE_MS = 60 * 60_000;
const NEVER: Kept = { schema: 1, inSync: null };

/** When this gate was last in sync with its site, in the file `sync.json` of the state folder. */
export class InSyncFile {
  readonly #file: StateFile<Kept>;
  #at: WallMs | null;

  private constructor(file: StateFile<Kept>) {
    this.#file = file;
    const { inSync } = file.found;
    this.#at = inSync === null ? null : wallMs(Date.parse(inSync));
  }

  static async open({ state, ...rest }: InSyncFileParts): Promise<InSyncFile> {
    const file = await StateFile.openAnyway({
      file: join(state, IN_SYNC_FILE),
      name: IN_SYNC_FORMAT.name,
      lost: 'if this gate was away for longer than sync.tombstoneDays, people who were removed meanwhile may be enrolled here',
      schema: inSyncSchema,
      format: IN_SYNC_FORMAT,
      empty: NEVER,
      delayMs: SAVE_MS,
      ...rest,
    });
    return new InSyncFile(file);
  }

  /** By a trusted clock; null: never, as far as is known. */
  get at(): WallMs | null {
    return this.#at;
  }

  /** @param at the time, by a trusted clock */
  note(at: WallMs): void {
    const first = this.#at === null;
    this.#at = at;
    const now = (): Kept => ({ schema: 1, inSync: iso(at) });
    if (first)
      this.#file.saveNow(now).catch(() => undefined); // the file logs it and tries again
    else this.#file.save(now);
  }

  close(leftMs?: number): Promise<void> {
    return this.#file.close(leftMs);
  }
}

interface InSyncFileParts extends Pick<Opening, 'log'> {
  readonly state: string;
  readonly clock: Clock;
  readonly warnings?: string[];
}

/** Opens the file, which is written at the end. @throws OperatingError KAIMON_DATA_NEWER */
export const openInSyncFile = ({
  paths,
  clock,
  log,
  warnings,
  endings,
}: Pick<Opening, 'paths' | 'clock' | 'log' | 'warnings' | 'endings'>): Promise<InSyncFile> =>
  endings.open(
    'when the gate was last in sync',
    () => InSyncFile.open({ state: paths.state, clock, log, warnings }),
    (file, leftMs) => file.close(leftMs),
    { saves: true },
  );
