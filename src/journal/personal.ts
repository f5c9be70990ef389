// pure
/**
 * What names a person, beside the chain: a line of number, salt and fields for each entry that has any. The entry holds
 * sha256(salt, fields): with the salt gone nobody can tell, or try out, whom it was about, and the chain is untouched.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalFields, type Fields, fieldsSchema, hashSchema, numberSchema } from './entry.js';

/** Bytes of a salt: as many as the hash has, so that trying out salts is hopeless. */
export const SALT_BYTES = 32;

const lineSchema = z.strictObject({
  n: numberSchema,
  /** Hexadecimal. */
  salt: hashSchema,
  /** `person` is the id by which it is erased. */
  fields: fieldsSchema,
});
export type PersonalLine = Readonly<z.infer<typeof lineSchema>>;

/** @param salt hexadecimal, {@link SALT_BYTES} long */
export const commit = (salt: string, fields: Fields): string =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(canonicalFields(fields)).digest('hex');

/** The line, without its newline. */
export const encodePersonal = ({ n, salt, fields }: PersonalLine): string =>
  `{"n":${n},"salt":"${salt}","fields":${canonicalFields(fields)}}`;

export interface PersonalFile {
  readonly lines: readonly PersonalLine[];
  /** Whole lines that are none, by line number from 1; the unfinished last line is not one of them. */
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
    // Its line number is reported; the parser's message would quote personal data.
    return undefined;
  }
}

/** The file's bytes of these lines. */
export const personalBytes = (lines: readonly PersonalLine[]): Buffer =>
  Buffer.from(lines.map((line) => `${encodePersonal(line)}\n`).join(''), 'utf8');
