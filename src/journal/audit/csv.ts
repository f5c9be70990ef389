// pure
/** Writes entries as CSV, for `kaimon audit export`. */
import type { FieldValue } from '../entry.js';
import type { RecordedEntry } from './query.js';

/** Fields that have a column of their own; the rest stands as JSON in the last column. */
const FIELD_COLUMNS = ['reason', 'state', 'distance', 'text'] as const;
const PERSONAL_COLUMNS = ['person', 'name'] as const;

export const CSV_HEADER = csvRow([
  'n',
  'time',
  'type',
  ...PERSONAL_COLUMNS,
  ...FIELD_COLUMNS,
  'more',
  'boot',
  'erased',
]);

/** One entry as a row, with its line break. */
export function csvOf({ entry, personal }: RecordedEntry): string {
  const { n, time, type, fields, boot, commitment } = entry;
  const own = new Set<string>([...FIELD_COLUMNS, ...PERSONAL_COLUMNS]);
  const rest = Object.entries({ ...fields, ...personal }).filter(([key]) => !own.has(key));
  return csvRow([
    n,
    time,
    type,
    ...PERSONAL_COLUMNS.map((key) => personal?.[key] ?? null),
    ...FIELD_COLUMNS.map((key) => fields[key] ?? null),
    rest.length > 0 ? JSON.stringify(Object.fromEntries(rest)) : null,
    boot,
    commitment !== undefined && !personal,
  ]);
}

/** RFC 4180: fields quoted where needed, quotes doubled, rows end with CR LF. */
export function csvRow(cells: readonly FieldValue[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: FieldValue): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = disarmed(typeof value === 'string' ? value : JSON.stringify(value));
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet runs a text that begins with such a character as a formula, and a person's name may: an apostrophe makes it text. */
function disarmed(text: string): string {
  return /^\s*[=+\-@＝＋－＠|\t\r\n]/u.test(text) ? `'${text}` : text;
}
