// pure
/**
 * The numbered formats of what is stored. A kind of document has one list of steps, each from a format to the next: step 0 makes format 2 of
 * format 1. Reading takes all steps that are left, in memory; a document of a later format than the list knows is refused, never guessed at.
 */
import { OperatingError } from '../errors.js';

/** Makes the next format of a document; the number itself is set by {@link migrated}. */
export type FormatStep = (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

/**
 * The step to a format that may hold further optional keys, which an older version would drop without a word: what is of the format before
 * can be read as it is.
 */
export const addsKeys: FormatStep = (document) => document;

/** Whether a document of this number, or the newest, is read as one of the newest format. */
export const isReadAsNewest = (number: number, { steps }: DocumentFormat): boolean =>
  number >= 1 && number <= steps.length + 1 && steps.slice(number - 1).every((step) => step === addsKeys);

/** A kind of stored document. */
export interface DocumentFormat {
  /** What it holds, with its article: `the people`. */
  readonly name: string;
  /** The key of the document that holds the number of its format. */
  readonly key: 'schema' | 'v';
  readonly steps: readonly FormatStep[];
}

/** The format that this version writes. */
export const newestFormat = ({ steps }: DocumentFormat): number => steps.length + 1;

/** The number that a document holds; undefined where it is no document with a number. */
export function formatOf(document: unknown, { key }: DocumentFormat): number | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const number: unknown = (document as Readonly<Record<string, unknown>>)[key];
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 ? number : undefined;
}

/**
 * A document in the newest format. One without a number is given back as it is: whoever checks its shape refuses it.
 * @returns and the format that it was of, where that is an older one
 * @throws NewerFormat
 */
export function migrated(
  document: unknown,
  format: DocumentFormat,
): { readonly document: unknown; readonly older?: number } {
  const number = formatOf(document, format);
  const newest = newestFormat(format);
  if (number === undefined || number === newest) return { document };
  if (number > newest) throw new NewerFormat(number, newest);
  let made = document as Readonly<Record<string, unknown>>;
  for (const [index, step] of format.steps.slice(number - 1).entries())
    made = { ...step(made), [format.key]: number + index + 1 };
  return { document: made, older: number };
}

/** A document was written by a later version and must be left exactly as it is. */
export class NewerFormat extends Error {
  override readonly name = 'NewerFormat';

  constructor(found: number, newest: number) {
    super(`format ${found}; this version reads up to ${newest}`);
  }
}

/** What to do with a file of a later version, as the end of a sentence. */
export const NEWER_ADVICE = 'install that version again, or restore a backup that this one made';

/** The error for a file of a later version. @param version of that program, where it is known */
export function newerFile(file: string, cause: NewerFormat, version?: string): OperatingError {
  const by = version === undefined ? 'a newer Kaimon' : `Kaimon ${version}`;
  const message = `${file} was written by ${by} (${cause.message}): ${NEWER_ADVICE}. The file was left as it is`;
  return new OperatingError('KAIMON_DATA_NEWER', message, { cause });
}
