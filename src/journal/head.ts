// pure
/**
 * Two small files beside the chain. The head says how far the chain went, so that a cut tail shows; the checkpoint says
 * where a purge ended, so that a missing beginning is explained. Signed where a key is configured.
 *
 * This protects against a person who edits files and does not have the key. It does not protect against one who has the
 * key, nor one who restores the head and the chain of an earlier hour: that shows only in a head that was published
 * elsewhere (`G/info`).
 */
import { z } from 'zod';
import { type DocumentFormat, migrated, NewerFormat } from '../kit/files/format.js';
import { GENESIS, hashSchema, timeSchema } from './entry.js';

const markSchema = z.strictObject({
  v: z.literal(1),
  /** The entry that it is about; 0 before the first one. */
  n: z.int().min(0),
  /** The hash of that entry's line. */
  hash: hashSchema,
  /** When it was written (head), or the time of the entry (checkpoint). */
  time: timeSchema,
  /** Names the public key: the beginning of its sha256. */
  key: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  /** Ed25519, base64. */
  signature: z
    .string()
    .regex(/^[A-Za-z0-9+/]{86}==$/)
    .optional(),
});
/** The content of either file: one entry, and when it counted. */
export type Mark = Readonly<z.infer<typeof markSchema>>;
export type MarkKind = 'head' | 'checkpoint';

export const HEAD_FILE = 'head.json';
export const CHECKPOINT_FILE = 'checkpoint.json';

/** An entry of the chain, by number and hash; mostly the last one. */
export interface Position {
  readonly n: number;
  readonly hash: string;
}
export const BEGINNING: Position = { n: 0, hash: GENESIS };

export interface Signer {
  readonly key: string;
  sign(text: string): string;
}
export interface SignatureCheck {
  readonly key: string;
  verify(text: string, signature: string): boolean;
}

const signedText = (kind: MarkKind, { n, hash, time }: Pick<Mark, 'n' | 'hash' | 'time'>): string =>
  `kaimon-journal-${kind}-v1 ${n} ${hash} ${time}\n`;

export function makeMark(kind: MarkKind, { n, hash }: Position, time: string, signer: Signer | undefined): Mark {
  const mark: Mark = { v: 1, n, hash, time };
  return signer ? { ...mark, key: signer.key, signature: signer.sign(signedText(kind, mark)) } : mark;
}

export const encodeMark = (mark: Mark): string => `${JSON.stringify(mark)}\n`;

/** Numbered apart from the lines of the chain: what is signed of a mark does not change with them. */
export const MARK_FORMAT: DocumentFormat = { name: 'the head of the journal', key: 'v', steps: [] };

/** @returns undefined when the bytes cannot be read as a mark @throws NewerFormat */
export function decodeMark(bytes: Buffer): Mark | undefined {
  try {
    return markSchema.safeParse(migrated(JSON.parse(bytes.toString('utf8')), MARK_FORMAT).document).data;
  } catch (thrown) {
    if (thrown instanceof NewerFormat) throw thrown;
    // The caller reports the file by name.
    return undefined;
  }
}

/** Why a mark is not signed by the key of `check`, undefined when it is. */
export function signatureFault(kind: MarkKind, mark: Mark, check: SignatureCheck): string | undefined {
  if (mark.signature === undefined) return 'it is not signed';
  if (check.verify(signedText(kind, mark), mark.signature)) return undefined;
  if (mark.key !== check.key) return `it is signed with key ${mark.key ?? 'unknown'}, not with key ${check.key}`;
  return 'its signature is wrong';
}
