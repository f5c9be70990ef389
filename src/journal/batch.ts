// pure
/** Turns what happened into lines of the journal: numbered, and each linked to the one before it. */
import { iso } from '../kit/clock.js';
import { type Lines, PLAIN_LINES } from '../kit/sealing/vault.js';
import { encodeEntry, type Fields, fitFields, hashLine, typeSchema } from './entry.js';
import type { Position } from './head.js';
import { commit, personalBytes } from './personal.js';
import type { JournalInput } from './writer.js';

/** Entries of one batch, at most: with the longest lines 256 KiB. */
export const BATCH_MAX = 64;

/** An entry that has no number yet. */
export interface Draft {
  readonly time: string;
  /** Milliseconds of the monotonic clock. */
  readonly mono: number;
  readonly type: string;
  readonly fields: Fields;
  readonly personal: Fields | undefined;
}

/** Fits what a caller gives into the limits of a line. */
export function draftOf({ type, fields = {}, personal, atMs }: JournalInput, time: string, monoMs: number): Draft {
  const fitted = personal && fitFields(personal);
  return {
    time: atMs === undefined ? time : iso(atMs),
    mono: Math.max(0, Math.round(monoMs)),
    // A journal never refuses an event for its name.
    type: typeSchema.safeParse(type).success ? type : 'unnamed',
    fields: fitFields(fields),
    personal: fitted && Object.keys(fitted).length > 0 ? fitted : undefined,
  };
}

export interface Batch {
  readonly chain: Buffer;
  readonly personal: Buffer;
  /** The end of the chain after this batch. */
  readonly position: Position;
}

/**
 * The bytes of the drafts as entries that continue the chain at `from`.
 * @param salt gives a fresh hexadecimal salt for each entry that has personal fields
 */
export function buildBatch(
  from: Position,
  boot: string,
  drafts: readonly Draft[],
  salt: () => string,
  seals: Lines = PLAIN_LINES,
): Batch {
  const lines: string[] = [];
  const personal = [];
  let { n, hash } = from;
  for (const { personal: fields, ...draft } of drafts) {
    n++;
    const secret = fields && { n, salt: salt(), fields };
    if (secret) personal.push(secret);
    const commitment = secret && commit(secret.salt, secret.fields);
    const line = encodeEntry({ v: 1, n, ...draft, boot, ...(commitment ? { commitment } : {}), prev: hash });
    hash = hashLine(line);
    lines.push(`${line}\n`);
  }
  return {
    chain: Buffer.from(lines.join(''), 'utf8'),
    personal: personalBytes(personal, seals),
    position: { n, hash },
  };
}
