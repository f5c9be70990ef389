// pure
/** Removes the lines of a person from a file of personal fields, by searching its bytes: how a line is written is known. */

import { type Lines, PLAIN_LINES } from '../kit/sealing/vault.js';
import type { Fields } from './entry.js';
import { encodePersonal, isStale, readLine } from './personal.js';

/** Fields that hold a person's id; a line that has the id in one of them is erased. */
export const ID_FIELDS = ['person', 'other'] as const;
/** The field that holds the ids of several people: the whole line is erased with the first of them. */
const LIST_FIELD = 'people';

/** Whether these personal fields are about a person. */
export function isAbout(fields: Fields, person: string): boolean {
  const list = fields[LIST_FIELD];
  return ID_FIELDS.some((field) => fields[field] === person) || (Array.isArray(list) && list.includes(person));
}

export interface Erased {
  /** The lines that stay, unchanged. */
  readonly bytes: Buffer;
  /** How many lines were removed. */
  readonly count: number;
}

/** What is searched for in the bytes of a file. */
interface Needle {
  readonly text: Buffer;
  /** Whether a line in which it was found is about the person. */
  readonly holds: (line: string) => boolean;
  /** Where it was found last; -1: nowhere any more. */
  at: number;
}

/** A file of personal fields without the lines of a person. */
export function withoutPerson(bytes: Buffer, person: string): Erased {
  const quoted = JSON.stringify(person);
  // A quote inside a text is escaped, so these bytes occur only where a field has this value.
  const needles: Needle[] = ID_FIELDS.map((field) => ({
    text: Buffer.from(`"${field}":${quoted}`),
    holds: () => true,
    at: -2,
  }));
  // In a list an id stands among others, and the same word may be a name in another field.
  needles.push({
    text: Buffer.from(quoted),
    holds: (line) => line.includes(`"${LIST_FIELD}":[`) && isListed(line, person),
    at: -2,
  });
  const kept: Buffer[] = [];
  let count = 0;
  for (let from = 0; ; count++) {
    for (const needle of needles) {
      // Searched for again only once it was passed: a needle that does not occur must not cost a pass for each line.
      if (needle.at !== -1 && needle.at < from) needle.at = find(bytes, needle, from);
    }
    const at = Math.min(...needles.map((needle) => (needle.at < 0 ? bytes.length : needle.at)));
    if (at >= bytes.length) {
      if (count === 0) return { bytes, count };
      kept.push(bytes.subarray(from));
      return { bytes: Buffer.concat(kept), count };
    }
    const { start, end } = lineAround(bytes, at);
    kept.push(bytes.subarray(from, start));
    from = end;
  }
}

function find(bytes: Buffer, { text, holds }: Needle, from: number): number {
  for (let at = bytes.indexOf(text, from); at >= 0; ) {
    const { start, end } = lineAround(bytes, at);
    if (holds(bytes.toString('utf8', start, end))) return at;
    at = bytes.indexOf(text, end);
  }
  return -1;
}

function lineAround(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const newline = bytes.indexOf(0x0a, at);
  return { start: bytes.lastIndexOf(0x0a, at) + 1, end: newline < 0 ? bytes.length : newline + 1 };
}

function isListed(text: string, person: string): boolean {
  const line = readLine(text.trimEnd(), PLAIN_LINES);
  return line !== undefined && 'fields' in line && isAbout(line.fields, person);
}

/** Lines looked at between two pauses: about two milliseconds on a PC. */
const SLICE_LINES = 200;

/** As {@link withoutPerson}, for lines that are sealed; yields every few milliseconds. Lines of an unknown key stay: nobody can tell. */
export function* withoutSealedPerson(bytes: Buffer, person: string, seals: Lines): Generator<void, Erased> {
  let count = 0;
  const kept = yield* eachLine(bytes, (text) => {
    const line = text.includes('"sealed":"') ? readLine(text, seals) : undefined;
    if (!line || 'locked' in line || !isAbout(line.fields, person)) return text;
    count++;
    return undefined;
  });
  return { bytes: count === 0 ? bytes : kept, count };
}

const isAboutAny = (fields: Fields, people: ReadonlySet<string>): boolean => {
  const list = fields[LIST_FIELD];
  const ids = [...ID_FIELDS.map((field) => fields[field]), ...(Array.isArray(list) ? list : [])];
  return ids.some((id) => people.has(String(id)));
};

/** A file of personal fields, sealed or not, without the lines of these people; yields every few milliseconds. Lines of an unknown key stay. */
export function* withoutPeople(bytes: Buffer, people: ReadonlySet<string>, seals: Lines): Generator<void, Erased> {
  if (people.size === 0) return { bytes, count: 0 };
  let count = 0;
  const kept = yield* eachLine(bytes, (text) => {
    const line = readLine(text, seals);
    if (!line || 'locked' in line || !isAboutAny(line.fields, people)) return text;
    count++;
    return undefined;
  });
  return { bytes: count === 0 ? bytes : kept, count };
}

/** The lines sealed as they are now; the count is of those that were not. Lines that cannot be read stay. */
export function* sealedAnew(bytes: Buffer, seals: Lines): Generator<void, Erased> {
  let count = 0;
  const renewed = yield* eachLine(bytes, (text) => {
    const line = isStale(text, seals) ? readLine(text, seals) : undefined;
    if (!line || 'locked' in line) return text;
    count++;
    return encodePersonal(line, seals);
  });
  return { bytes: count === 0 ? bytes : renewed, count };
}

/** @param change gives what becomes of a line; undefined: it goes */
function* eachLine(bytes: Buffer, change: (text: string) => string | undefined): Generator<void, Buffer> {
  const parts: Buffer[] = [];
  let seen = 0;
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
    const text = change(bytes.toString('utf8', from, end));
    if (text !== undefined) parts.push(Buffer.from(`${text}\n`, 'utf8'));
    from = end + 1;
    if (++seen % SLICE_LINES === 0) yield;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}

/** How many bytes of a file of personal fields belong to entries up to `lastN`: a kill may leave more, of entries that were never written. */
export function personalUpTo(bytes: Buffer, lastN: number): number {
  let end = bytes.lastIndexOf(0x0a) + 1;
  while (end > 0) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(0x0a, end - 2) + 1;
    const n = /^\{"n":(\d{1,16}),/.exec(bytes.toString('latin1', start, Math.min(end, start + 24)))?.[1];
    if (n !== undefined && Number(n) <= lastN) break;
    end = start;
  }
  return end;
}
