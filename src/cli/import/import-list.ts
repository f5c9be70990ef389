import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { readPlainFileSync } from '../../kit/files/plain-file.js';
import { PICTURE_NAME } from '../../kit/pictures/picture-name.js';
import {
  languageSchema,
  momentSchema,
  PEOPLE_MAX,
  personIdSchema,
  personNameSchema,
  personSchema,
} from '../../person/person.js';
import { csvRows } from './csv-rows.js';

/** One who is to be enrolled, and the photos of them. */
export interface ListedPerson {
  readonly args: Readonly<Record<string, unknown>> & { readonly name: string; readonly id?: string | undefined };
  readonly photos: readonly ListedPhoto[];
}

export interface ListedPhoto {
  /** As the list names it; the report names it so, too. */
  readonly name: string;
  readonly file: string;
}

const CSV_BYTES_MAX = 64 * 1024 * 1024;
const PHOTOS_MAX = 2 * PEOPLE_MAX;

const given = <T extends z.ZodType>(schema: T) =>
  z
    .literal('')
    .transform(() => undefined)
    .or(schema)
    .optional();
const rowSchema = z.object({
  photo: z.string().min(1),
  name: personNameSchema,
  id: given(personIdSchema),
  groups: given(
    z
      .string()
      .transform((text) => text.split(/[\s;,|]+/))
      .pipe(personSchema.shape.groups),
  ),
  language: given(languageSchema),
  greeting: given(z.string().max(200)),
  validFrom: given(momentSchema),
  validUntil: given(momentSchema),
});

/** Whether photos are meant, and not an export. */
export function isPhotoList(source: string): boolean {
  if (/\.csv$/i.test(source)) return true;
  try {
    return statSync(source).isDirectory();
  } catch {
    // What is not there is told by the reader of exports, by name.
    return false;
  }
}

/**
 * Who stands in a CSV (columns `photo` and `name`, and as wanted `id`, `groups`, `language`, `greeting`, `validFrom`, `validUntil`; rows of
 * one id are one person), or in a folder: `NAME/…` with photos of one person each, or `NAME.jpg`; `_` counts as a space.
 * @throws OperatingError KAIMON_PEOPLE_IMPORT
 */
export function readPhotoList(source: string): readonly ListedPerson[] {
  try {
    const people = /\.csv$/i.test(source) ? ofCsv(source) : ofFolder(source);
    if (people.length === 0) throw new Error('there is no photo in it');
    if (people.length > PEOPLE_MAX)
      throw new Error(`it names ${people.length} people, at most ${PEOPLE_MAX} are taken`);
    return people;
  } catch (cause) {
    throw new OperatingError('KAIMON_PEOPLE_IMPORT', `${source} cannot be used: ${messageOf(cause)}`, { cause });
  }
}

function ofCsv(file: string): ListedPerson[] {
  const people = new Map<string, ListedPerson & { readonly photos: ListedPhoto[] }>();
  csvRows(readPlainFileSync(file, CSV_BYTES_MAX).toString('utf8'), PHOTOS_MAX).forEach((row, at) => {
    const parsed = rowSchema.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new Error(`row ${at + 2}, column ${issue?.path.join('.')}: ${issue?.message}`);
    }
    const { photo, ...args } = parsed.data;
    const listed = { name: photo, file: resolve(dirname(file), photo) };
    const known = people.get(args.id ?? '');
    if (args.id !== undefined && known) known.photos.push(listed);
    else people.set(args.id ?? `row ${at}`, { args, photos: [listed] });
  });
  return [...people.values()];
}

function ofFolder(folder: string): ListedPerson[] {
  const people: ListedPerson[] = [];
  for (const entry of namesIn(folder)) {
    const path = join(folder, entry);
    const isFolder = statSync(path).isDirectory();
    if (!isFolder && !PICTURE_NAME.test(entry)) continue;
    const files = isFolder
      ? namesIn(path)
          .filter((name) => PICTURE_NAME.test(name))
          .map((name) => join(path, name))
      : [path];
    const called = personNameSchema.safeParse(basename(entry, isFolder ? '' : extname(entry)).replaceAll('_', ' '));
    if (!called.success) throw new Error(`${entry}: ${called.error.issues[0]?.message}`);
    const photos = files.map((file) => ({ name: relative(folder, file), file }));
    if (photos.length > 0) people.push({ args: { name: called.data }, photos });
  }
  return people;
}

const namesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
