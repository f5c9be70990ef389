// pure
import { z } from 'zod';
import { type Person, personSchema, type StoredTemplate, TEMPLATES_MAX, templateSchema } from '../person/person.js';

/** A person record or a people file that is not valid; the message says where and why, without embeddings. */
export class InvalidPeople extends Error {
  override readonly name = 'InvalidPeople';
}

/** Characters of a template's vector, as in the schema of the contract. */
const VECTOR_TEXT_MAX = 5464;

/** As personSchema, but {@link vectorFault} checks the characters of the vector: the regex took 400 of the 600 ms of loading. */
const recordSchema = personSchema.extend({
  templates: z.array(templateSchema.extend({ vector: z.string().max(VECTOR_TEXT_MAX) })).max(TEMPLATES_MAX),
});

/**
 * A person from a file, a message or a caller, checked in full: shape, bounds, and every template's numbers.
 * @throws InvalidPeople
 */
export function readPerson(value: unknown): Person {
  const { data, error } = recordSchema.safeParse(value);
  if (error) throw new InvalidPeople(firstIssue(error));
  for (const [i, template] of data.templates.entries()) {
    const fault = vectorFault(template.vector);
    if (fault !== undefined) throw new InvalidPeople(`templates.${i}.vector: ${fault}`);
  }
  return data;
}

/** One sentence about the first fault that zod found. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join('.') || 'record'}: ${issue.message}` : 'record: invalid';
}

const scratch = Buffer.alloc(8192);
const words = new Uint32Array(scratch.buffer, scratch.byteOffset, scratch.byteLength >> 2);

/**
 * Why `text` is no base64 of finite little-endian float32 numbers, or undefined. Stricter than the schema's regex:
 * whole groups of four with padding, whole numbers of four bytes, no NaN, no infinity.
 */
export function vectorFault(text: string): string | undefined {
  if (text.length === 0 || text.length > VECTOR_TEXT_MAX || text.length % 4 !== 0) return 'not whole base64';
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // The decoder skips characters that it does not know, which shows as missing bytes. But it also knows base64url, and it
  // takes only the low byte of characters beyond Latin-1: these two are checked separately.
  const bytes = scratch.write(text, 0, 'base64');
  if (bytes !== (text.length / 4) * 3 - padding || text.includes('-') || text.includes('_')) return 'not whole base64';
  if (Buffer.byteLength(text) !== text.length) return 'not whole base64';
  if (bytes % 4 !== 0) return 'not whole 4-byte numbers';
  for (let i = 0; i < bytes >> 2; i++) {
    // All exponent bits set: infinity or NaN.
    if (((words[i] ?? 0) & 0x7f800000) === 0x7f800000) return 'holds a number that is not finite';
  }
  return undefined;
}

const templateText = ({ encoder, vector, quality, added }: StoredTemplate) => ({ encoder, vector, quality, added });

/** JSON of a person on one line, keys in a fixed order: equal content has equal text. */
export function personText(person: Person): string {
  const { id, name, language, greeting, groups, validFrom, validUntil, templates, version, by } = person;
  return JSON.stringify({
    id,
    name,
    language,
    greeting,
    groups,
    validFrom,
    validUntil,
    templates: templates.map(templateText),
    version,
    by,
  });
}
