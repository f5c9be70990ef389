// pure
import { z } from 'zod';
import { addsKeys, type DocumentFormat, migrated, newestFormat } from '../kit/files/format.js';
import {
  encoderIdSchema,
  PEOPLE_MAX,
  type Person,
  personIdSchema,
  type Tombstone,
  tombstoneSchema,
} from '../person/person.js';
import { firstIssue, InvalidPeople, personText, readPerson } from './record.js';

/**
 * The formats of people.json. 2: a removal may say who made it, that nobody of the id was ever known, and that it has no date yet. A version
 * that dropped the last one would take a removal of a wrong clock for an old one and forget it.
 */
export const PEOPLE_FORMAT: DocumentFormat = { name: 'the people', key: 'schema', steps: [addsKeys] };

/** Removals of people who were known here, kept for `sync.tombstoneDays`; with more than this many the oldest are forgotten before. */
export const TOMBSTONES_MAX = 200_000;

/**
 * Removals of ids that were never known here: they matter only to gates that knew the person. As many as people; further ones are not
 * taken, and so a flood of forged ones costs a bounded amount of memory and nothing else.
 */
export const STRANGERS_MAX = PEOPLE_MAX;

/** What people.json holds. It is never changed in place. */
export interface PeopleDocument {
  readonly encoder: string;
  readonly people: ReadonlyMap<string, Person>;
  readonly removed: ReadonlyMap<string, Tombstone>;
}

/** A new store without people. */
export const emptyDocument = (encoder: string): PeopleDocument => ({ encoder, people: new Map(), removed: new Map() });

/** Characters of a chunk: about a third of a millisecond of JSON on a PC. */
const CHUNK_CHARS = 256 * 1024;

/** The file's text in chunks of some 256 kB, one record a line, so that writing never holds the event loop for long. */
export function* documentChunks(document: PeopleDocument, format = PEOPLE_FORMAT): Generator<string, void> {
  let chunk = `{"schema":${newestFormat(format)},"encoder":${JSON.stringify(document.encoder)},"people":{`;
  let separator = '\n';
  for (const [id, person] of document.people) {
    chunk += `${separator}"${id}":${personText(person)}`;
    separator = ',\n';
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk;
      chunk = '';
    }
  }
  chunk += '\n},"removed":{';
  separator = '\n';
  for (const [id, { version, at, by, stranger, undated }] of document.removed) {
    chunk += `${separator}"${id}":${JSON.stringify({ version, at, by, stranger, undated })}`;
    separator = ',\n';
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk;
      chunk = '';
    }
  }
  yield `${chunk}\n}}\n`;
}

/** Collects the records of a file. Every method throws InvalidPeople for what a valid file cannot hold. */
export class DocumentBuilder {
  readonly #people = new Map<string, Person>();
  readonly #removed = new Map<string, Tombstone>();

  addPerson(id: string, value: unknown): void {
    this.#addKey('people', id);
    if (this.#people.size >= PEOPLE_MAX) throw new InvalidPeople(`people: more than ${PEOPLE_MAX}`);
    const person = within(`people.${id}`, () => readPerson(value));
    if (person.id !== id) throw new InvalidPeople(`people.${id}: holds the id ${person.id}`);
    this.#people.set(id, person);
  }

  addTombstone(id: string, value: unknown): void {
    this.#addKey('removed', id);
    const { data, error } = tombstoneSchema.safeParse(value);
    if (error) throw new InvalidPeople(`removed.${id}: ${firstIssue(error)}`);
    this.#removed.set(id, data);
  }

  document(encoder: unknown): PeopleDocument {
    const { data, error } = encoderIdSchema.safeParse(encoder);
    if (error) throw new InvalidPeople(`encoder: ${firstIssue(error)}`);
    return { encoder: data, people: this.#people, removed: this.#removed };
  }

  #addKey(section: string, id: string): void {
    if (!personIdSchema.safeParse(id).success) throw new InvalidPeople(`${section}: ${JSON.stringify(id)} is no id`);
    if (this.#people.has(id) || this.#removed.has(id)) throw new InvalidPeople(`${section}.${id}: the id stands twice`);
  }
}

function within<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof InvalidPeople) throw new InvalidPeople(`${where}: ${thrown.message}`);
    throw thrown;
  }
}

/** A file as it was read. */
export interface ReadPeople {
  readonly document: PeopleDocument;
  /** The format of the file, where that is an older one. */
  readonly older?: number | undefined;
}

const envelopeSchema = z.object({ schema: z.int() });
const bodySchema = z.object({
  encoder: z.string(),
  people: z.record(z.string(), z.unknown()),
  removed: z.record(z.string(), z.unknown()),
});

/** Reads any JSON layout of the file, for instance one that was edited by hand, and the formats of before. @throws InvalidPeople, NewerFormat */
export function documentFromJson(json: unknown, format = PEOPLE_FORMAT): ReadPeople {
  const { document: current, older } = migrated(json, format);
  const found = envelopeSchema.safeParse(current).data?.schema;
  if (found !== newestFormat(format))
    throw new InvalidPeople(`schema: expected ${newestFormat(format)}, found ${found ?? 'none'}`);
  const { data, error } = bodySchema.safeParse(current);
  if (error) throw new InvalidPeople(firstIssue(error));
  const builder = new DocumentBuilder();
  for (const [id, value] of Object.entries(data.people)) builder.addPerson(id, value);
  for (const [id, value] of Object.entries(data.removed)) builder.addTombstone(id, value);
  return { document: builder.document(data.encoder), older };
}
