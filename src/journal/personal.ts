// pure
/**
 * Personal fields, in a file beside the chain: a line with number, salt and fields for each entry that has any. The entry
 * itself holds sha256(salt, fields). Once the line is erased, the person cannot be found out even by trying all names,
 * because the salt is gone; and the chain is unchanged. Where a key is there, each line is sealed by itself, for its number.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Lines, PLAIN_LINES } from '../kit/sealing/vault.js';
import { canonicalFields, type Fields, fieldsSchema, hashSchema, numberSchema } from './entry.js';

/** Bytes of a salt: as many as the hash has, too many to try out. */
export const SALT_BYTES = 32;

const lineSchema = z.strictObject({
  n: numberSchema,
  /** Hexadecimal. */
  salt: hashSchema,
  /** `person` and `other` are the ids by which it is erased. */
  fields: fieldsSchema,
});
const sealedSchema = z.strictObject({
  n: numberSchema,
  /** The id of the key. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  sealed: z.string().max(8192),
});
/** As a newer Kaimon may seal them: who it is about can be told by that one alone. */
const newerSealSchema = z.object({ n: numberSchema, seal: z.int().min(2) });
export type PersonalLine = Readonly<z.infer<typeof lineSchema>>;

/** What an entry holds in place of these fields. @param salt hexadecimal, {@link SALT_BYTES} long */
export const commit = (salt: string, fields: Fields): string =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(canonicalFields(fields)).digest('hex');

/** The line, without its newline. The number stands at its beginning, sealed or not. */
export function encodePersonal({ n, salt, fields }: PersonalLine, { write }: Lines = PLAIN_LINES): string {
  const plain = `{"n":${n},"salt":"${salt}","fields":${canonicalFields(fields)}}`;
  return write ? `{"n":${n},"key":"${write.id}","sealed":"${write.seal(n, plain)}"}` : plain;
}

export interface PersonalFile {
  readonly lines: readonly PersonalLine[];
  /** Numbers (from 1) of lines that cannot be read; an unfinished last line is not counted. */
  readonly invalid: readonly number[];
  /** Numbers of entries whose line is sealed with a key that is not known here, or by a newer Kaimon. */
  readonly locked: readonly number[];
}

export function readPersonal(bytes: Buffer, seals: Lines = PLAIN_LINES): PersonalFile {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const texts = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  const lines: PersonalLine[] = [];
  const invalid: number[] = [];
  const locked: number[] = [];
  for (const [index, text] of texts.entries()) {
    const line = readLine(text, seals);
    if (line === undefined) invalid.push(index + 1);
    else if ('locked' in line) locked.push(line.locked);
    else lines.push(line);
  }
  return { lines, invalid, locked };
}

/** A line, sealed or not; undefined where it is neither, or was changed. */
export function readLine(text: string, seals: Lines): PersonalLine | { readonly locked: number } | undefined {
  const value = parse(text);
  const sealed = sealedSchema.safeParse(value).data;
  if (!sealed) {
    const newer = newerSealSchema.safeParse(value).data;
    return newer ? { locked: newer.n } : lineSchema.safeParse(value).data;
  }
  const seal = seals.known(sealed.key);
  if (!seal) return { locked: sealed.n };
  const plain = seal.open(sealed.n, sealed.sealed);
  const line = plain === undefined ? undefined : lineSchema.safeParse(parse(plain)).data;
  return line?.n === sealed.n ? line : undefined;
}

/** Whether a line is not sealed as the lines that are written now. */
export const isStale = (text: string, { write }: Lines): boolean =>
  write ? !text.includes(`,"key":"${write.id}","sealed":"`) : /^\{"n":\d{1,16},"key":"/.test(text);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller reports the line's number; the parser's message would quote personal data.
    return undefined;
  }
}

/** These lines as they are written to the file. */
export const personalBytes = (lines: readonly PersonalLine[], seals: Lines = PLAIN_LINES): Buffer =>
  Buffer.from(lines.map((line) => `${encodePersonal(line, seals)}\n`).join(''), 'utf8');
