// pure
/**
 * Personal fields, in a file beside the chain: a line with number, salt and fields for each entry that has any. The entry
 * itself holds sha256(salt, fields). Once the line is erased, the person cannot be found out even by trying all names,
 * because the salt is gone; and the chain is unchanged.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
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
export type PersonalLine = Readonly<z.infer<typeof lineSchema>>;

/** What an entry holds in place of these fields. @param salt hexadecimal, {@link SALT_BYTES} long */
export const commit = (salt: string, fields: Fields): string =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(canonicalFields(fields)).digest('hex');

/** The line, without its newline. */
export const encodePersonal = ({ n, salt, fields }: PersonalLine): string =>
  `{"n":${n},"salt":"${salt}","fields":${canonicalFields(fields)}}`;

export interface PersonalFile {
  readonly lines: readonly PersonalLine[];
  /** Numbers (from 1) of lines that cannot be read; an unfinished last line is not counted. */
  readonly invalid: readonly number[];
}

export function readPersonal(bytes: Buffer): PersonalFile {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const texts = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  const lines: PersonalLine[] = [];
  const invalid: number[] = [];
  for (const [index, text] of texts.entries()) {
    const line = parse(text);
    if (line) lines.push(line);
    else invalid.push(index + 1);
  }
  return { lines, invalid };
}

function parse(text: string): PersonalLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // The caller reports the line's number; the parser's message would quote personal data.
    return undefined;
  }
}

/** These lines as they are written to the file. */
export const personalBytes = (lines: readonly PersonalLine[]): Buffer =>
  Buffer.from(lines.map((line) => `${encodePersonal(line)}\n`).join(''), 'utf8');
