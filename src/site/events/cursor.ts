// pure
/** How far events were told that stand in the journal, and where to go on after a start. */
import { z } from 'zod';
import { GENESIS, hashSchema, numberSchema } from '../../journal/entry.js';
import type { Position } from '../../journal/head.js';
import type { DocumentFormat } from '../../kit/files/format.js';

/** The formats of events.json. */
export const CURSOR_FORMAT: DocumentFormat = { name: 'how far events were told', key: 'schema', steps: [] };

/** As many entries as may wait for the disk at one time: only these can be told before they are on it. */
export const ALSO_MAX = 1_000;

const positionSchema = z.strictObject({ n: z.int().min(0), hash: hashSchema });

const gapSchema = z.strictObject({
  first: numberSchema,
  last: numberSchema,
  /** Of entry `last`, as the one after it names it. */
  hash: hashSchema,
  /** `purged`: they were not told. `unknown`: nobody knows whether they were. */
  why: z.enum(['purged', 'unknown']),
});
export type Gap = Readonly<z.infer<typeof gapSchema>>;

export const cursorSchema = z.strictObject({
  schema: z.literal(1),
  /** All entries up to here were told, but for the alarms among them; null: not known. */
  told: positionSchema.nullable(),
  /** All alarms up to here were told, which is never less far. */
  alarms: positionSchema.nullable(),
  /** Numbers of later entries that were told before the disk had them. */
  also: z.array(numberSchema).max(ALSO_MAX),
  /** Entries that will not be told, which the next event says. */
  gap: gapSchema.nullable(),
});
export type CursorDocument = Readonly<z.infer<typeof cursorSchema>>;

export const NO_CURSOR: CursorDocument = { schema: 1, told: null, alarms: null, also: [], gap: null };

export interface Cursor {
  readonly told: Position;
  readonly alarms: Position;
  readonly also: readonly number[];
  readonly gap: Gap | null;
}

/** The journal as this process found it. */
export interface FoundJournal {
  /** The first entry that is left; 0 where there is none. */
  readonly first: number;
  /** The end when this process opened it. */
  readonly opened: Position;
  /** The hashes of the entries of the cursor; undefined where they are not there. */
  readonly hashes: { readonly told: string | undefined; readonly alarms: string | undefined };
}

/**
 * Where to go on. A cursor counts where its entry is the one that stands there, or was purged. Otherwise it is lost, or of another journal
 * (set aside, begun anew, restored, cut): what this process found was told by somebody, or was not, and one `gap` says so, for years of it
 * must not be told again; what was written since it was opened is told.
 */
export function resume({ told, alarms, also, gap }: CursorDocument, { first, opened, hashes }: FoundJournal): Cursor {
  if (told === null || !fits(told, hashes.told, first, opened.n)) {
    const unknown =
      opened.n > 0 && first > 0 ? ({ first, last: opened.n, hash: opened.hash, why: 'unknown' } as const) : null;
    return { told: opened, alarms: opened, also: [], gap: unknown };
  }
  const ahead = alarms !== null && alarms.n >= told.n && fits(alarms, hashes.alarms, first, opened.n);
  // Alarms may be told once more then, under the ids that they had.
  return { told, alarms: ahead ? alarms : told, also, gap };
}

function fits({ n, hash }: Position, found: string | undefined, first: number, last: number): boolean {
  if (n === 0) return hash === GENESIS;
  if (n > last) return false;
  return n < first || found === hash;
}
