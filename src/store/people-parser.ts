// pure
import { constants } from 'node:buffer';
import { messageOf } from '../kit/errors.js';
import { type DocumentFormat, isReadAsNewest, newestFormat } from '../kit/files/format.js';
import { DocumentBuilder, documentFromJson, PEOPLE_FORMAT, type ReadPeople } from './people-document.js';
import { InvalidPeople } from './record.js';

/** Bytes read between two pauses: 2–3 ms on a PC. */
const SLICE_BYTES = 1024 * 1024;

const headPattern = /^\{"schema":(\d{1,9}),"encoder":"([^"\\]{1,64})","people":\{$/;
const keyPattern = /^"([a-z0-9_-]{1,64})":/;

/**
 * Reads the bytes of people.json; yields every few milliseconds so that the caller can let the event loop run.
 * Kaimon's own layout (one record a line) is read line by line, in half the time and memory of one JSON.parse and without
 * its limit of 512 MB. Any other layout, and formats of before that had other keys, are read as plain JSON.
 * @throws InvalidPeople, NewerFormat
 */
export function* parsePeople(bytes: Buffer, format = PEOPLE_FORMAT): Generator<void, ReadPeople> {
  return (yield* parseLines(bytes, format)) ?? documentFromJson(parseWhole(bytes), format);
}

function parseWhole(bytes: Buffer): unknown {
  if (bytes.byteLength > constants.MAX_STRING_LENGTH) {
    throw new InvalidPeople('too large for a file that is not one record a line');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (thrown) {
    // V8 quotes a piece of the text in its message; a people file must not leak into a log.
    throw new InvalidPeople(
      `not JSON (${
        messageOf(thrown)
          .replace(/[^a-zA-Z ].*$/s, '')
          .trim() || 'damaged'
      })`,
    );
  }
}

/** What was read, or undefined when the bytes are not laid out as `documentChunks` writes them. */
function* parseLines(bytes: Buffer, format: DocumentFormat): Generator<void, ReadPeople | undefined> {
  const headEnd = bytes.indexOf('\n');
  const head = headPattern.exec(bytes.toString('utf8', 0, Math.min(Math.max(headEnd, 0), 256)));
  const number = Number(head?.[1]);
  if (!head || !isReadAsNewest(number, format)) return undefined;
  const older = number === newestFormat(format) ? undefined : number;
  const builder = new DocumentBuilder();
  let section: 'people' | 'removed' = 'people';
  // A line that ends with a comma is followed by another record; one without a comma ends the section.
  let expects: 'first' | 'record' | 'end' = 'first';
  let pauseAt = SLICE_BYTES;
  for (let at = headEnd + 1; ; ) {
    const end = bytes.indexOf('\n', at);
    if (end < 0) return undefined;
    const comma = bytes[end - 1] === 0x2c;
    const line = bytes.toString('utf8', at, comma ? end - 1 : end);
    at = end + 1;
    if (line.startsWith('}')) {
      if (expects === 'record') return undefined;
      if (section === 'removed')
        return line === '}}' && at === bytes.length ? { document: builder.document(head[2]), older } : undefined;
      if (line !== '},"removed":{') return undefined;
      [section, expects] = ['removed', 'first'];
      continue;
    }
    if (expects === 'end') return undefined;
    const record = parseLine(line);
    if (!record) return undefined;
    if (section === 'people') builder.addPerson(record.id, record.value);
    else builder.addTombstone(record.id, record.value);
    expects = comma ? 'record' : 'end';
    if (at >= pauseAt) {
      pauseAt = at + SLICE_BYTES;
      yield;
    }
  }
}

function parseLine(line: string): { readonly id: string; readonly value: unknown } | undefined {
  const id = keyPattern.exec(line)?.[1];
  if (id === undefined) return undefined;
  try {
    return { id, value: JSON.parse(line.slice(id.length + 3)) };
  } catch {
    // Not an error yet: the whole file is then read as plain JSON, which says what is wrong with it.
    return undefined;
  }
}
