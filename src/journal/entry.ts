// pure
/**
 * One line of the journal. Each line names the hash of the line before it, so that no line can be changed, removed,
 * doubled or moved without a trace. It names no person: instead of personal fields it holds a salted hash of them.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type DocumentFormat, formatOf, newestFormat } from '../kit/files/format.js';

/**
 * The formats of the journal: of a line, and of head and checkpoint. A line is never made anew, for the next one names its hash: each format
 * that there ever was is read as it stands.
 */
export const JOURNAL_FORMAT: DocumentFormat = { name: 'the journal', key: 'v', steps: [] };

/** Bytes of a line without its newline, at most. */
export const LINE_MAX = 4096;
/** Keys, characters of a text, values of a list, and bytes of all fields of one line, at most. */
const KEYS_MAX = 24;
const TEXT_MAX = 300;
const LIST_MAX = 16;
const FIELDS_BYTES_MAX = 3000;

/** `prev` of the first entry. */
export const GENESIS = '0'.repeat(64);

export type FieldValue = string | number | boolean | null | readonly (string | number)[];
export type Fields = Readonly<Record<string, FieldValue>>;

/** The number of an entry, from 1. */
export const numberSchema = z.int().min(1);
export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** ISO 8601 UTC with milliseconds. */
export const timeSchema = z.iso.datetime({ precision: 3 });
const text = z.string().max(TEXT_MAX);
const number = z.number();
const keySchema = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,31}$/);
const valueSchema = z.union([
  text,
  number,
  z.boolean(),
  z.null(),
  z
    .array(z.union([text, number]))
    .max(LIST_MAX)
    .readonly(),
]);

export const fieldsSchema = z
  .record(keySchema, valueSchema)
  .refine((fields) => Object.keys(fields).length <= KEYS_MAX, `at most ${KEYS_MAX} fields`);

export const typeSchema = z.string().regex(/^[a-z][a-z-]{0,39}$/);
export const bootSchema = z.string().regex(/^[a-z0-9-]{1,36}$/);

const entrySchema = z.strictObject({
  v: z.literal(1),
  n: numberSchema,
  time: timeSchema,
  /** Milliseconds of the monotonic clock; comparable where `boot` is the same. */
  mono: z.int().min(0).optional(),
  /** The run of the daemon that wrote it. */
  boot: bootSchema,
  type: typeSchema,
  /** Nothing that names or describes a person. */
  fields: fieldsSchema,
  /** sha256 of salt and personal fields, which are in a file beside the chain until they are erased. */
  commitment: hashSchema.optional(),
  /** sha256 of the line before, without its newline. */
  prev: hashSchema,
});
export type Entry = Readonly<z.infer<typeof entrySchema>>;

/** JSON with sorted keys: equal values have equal text. */
export function canonicalFields(fields: Fields): string {
  return JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The line, without its newline. */
export function encodeEntry({ v, n, time, mono, boot, type, fields, commitment, prev }: Entry): string {
  const head = JSON.stringify({ v, n, time, mono, boot, type });
  const tail = JSON.stringify({ commitment, prev });
  return `${head.slice(0, -1)},"fields":${canonicalFields(fields)},${tail.slice(1)}`;
}

export const hashLine = (line: Uint8Array | string): string => createHash('sha256').update(line).digest('hex');

export type Decoded = { readonly entry: Entry } | { readonly why: string };

/** Reads a line strictly: another spelling of the same content is refused. */
export function decodeLine(line: Buffer): Decoded {
  if (line.length > LINE_MAX) return { why: `it has ${line.length} bytes, at most ${LINE_MAX} are written` };
  let value: unknown;
  const spelled = line.toString('utf8');
  try {
    value = JSON.parse(spelled);
  } catch {
    // The parser's own message quotes the line.
    return { why: 'it is not JSON' };
  }
  const { data, error } = entrySchema.safeParse(value);
  if (error) {
    const format = formatOf(value, JOURNAL_FORMAT) ?? 0;
    if (format > newestFormat(JOURNAL_FORMAT)) return { why: `a newer Kaimon wrote it (format ${format})` };
    const issue = error.issues[0];
    return { why: `${issue?.path.join('.') || 'entry'}: ${issue?.message ?? 'invalid'}` };
  }
  if (encodeEntry(data) !== spelled || !Buffer.from(spelled, 'utf8').equals(line))
    return { why: 'it is spelled unlike any line that is written' };
  return { entry: data };
}

/** What a caller may give; {@link fitFields} cuts what is too long. */
export type LooseFields = Readonly<Record<string, FieldValue | undefined>>;

/** Makes any fields fit, since a journal must not refuse an event because a text is long; `cut: true` says that something was cut. */
export function fitFields(given: LooseFields): Fields {
  const fitted: Record<string, FieldValue> = {};
  let left = FIELDS_BYTES_MAX;
  let keys = 0;
  let cut = false;
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const fit = fitValue(value);
    const bytes = Buffer.byteLength(JSON.stringify(fit)) + key.length + 4;
    if (!keySchema.safeParse(key).success || bytes > left || keys >= KEYS_MAX - 1) {
      cut = true;
      continue;
    }
    if (fit === null ? value !== null : JSON.stringify(fit) !== JSON.stringify(value)) cut = true;
    fitted[key] = fit;
    left -= bytes;
    keys++;
  }
  return cut ? { ...fitted, cut: true } : fitted;
}

function fitValue(value: FieldValue): FieldValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string' || typeof value === 'number') return fitScalar(value);
  return value.slice(0, LIST_MAX).map((item) => fitScalar(item) ?? 'not finite');
}

function fitScalar(value: string | number): string | number | null {
  if (typeof value === 'string') return value.slice(0, TEXT_MAX);
  // JSON knows no negative zero.
  return Number.isFinite(value) ? value + 0 : null;
}
