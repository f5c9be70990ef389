// pure
/**
 * The event that an entry of the journal is told as: always the same one, however often and however late it is told. Who it was about stands in
 * the personal fields; of somebody who was erased since, nothing is told.
 */
import { REASONS, type Reason } from '../../access/reasons.js';
import type { FieldValue } from '../../journal/entry.js';
import type { ReadEntry } from '../../journal/reading/reader.js';
import type { EventFields } from '../messages.js';

/** Told before all others. */
export const ALARMS: readonly string[] = ['fire', 'forced', 'tamper', 'attack-alarm'];

/** What the journal keeps and the site is not told: what it notes of itself, and what came from other gates, which have told it. */
const NOT_TOLD =
  /^(?:journal-[a-z-]+|erased|restored|archive-purged|people-synced|requests?-refused|(?:person|passage)-synced)$/;

export const isAlarm = (type: string): boolean => ALARMS.includes(type);
export const isTold = (type: string): boolean => !NOT_TOLD.test(type);

/** Types whose events say who it was, in `person` and `name`; null where it was nobody that is known. */
const OF_PEOPLE: readonly string[] = ['granted', 'refused', 'spoof', 'attack-alarm', 'passed', 'passback'];

/** An entry for whoever asks for it: as its event, without the id; of what is not told, nothing that names anybody. */
export function toldOf(read: ReadEntry) {
  const { n, time, type, boot } = read.entry;
  const fields = isTold(type) ? eventFieldsOf(read) : read.entry.fields;
  return { ...fields, n, time, type, boot };
}

/** The fields of the event, without its head. */
export function eventFieldsOf({ entry, personal, locked }: ReadEntry): EventFields {
  const { type, fields, commitment } = entry;
  const { person, name, by, note, other, ...rest } = personal ?? {};
  const gone = commitment !== undefined && personal === undefined;
  return {
    ...(OF_PEOPLE.includes(type) && { person: null, name: null }),
    ...fields,
    ...ownFields(type, fields),
    ...shown({ person, name, by, ...rest }),
    ...(type === 'enrolled' && { forced: other ?? null }),
    ...(type === 'door' && { token: fields['token'] ?? by ?? null, by: undefined }),
    ...(['opened', 'lock-asked', 'mode-asked'].includes(type) && { by: by ?? null, reason: note ?? null }),
    // Why nobody is named who was there.
    ...(gone && (locked ? { sealed: true } : { erased: true })),
    entry: entry.n,
  } as EventFields;
}

const shown = (fields: Readonly<Record<string, FieldValue | undefined>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** What an event says and its entry leaves out because it follows from the rest. */
function ownFields(type: string, fields: Readonly<Record<string, FieldValue>>) {
  if (type === 'granted') return { text: 'the door is opened', box: fields['box'] ?? null };
  if (type === 'refused')
    return { text: fields['text'] ?? REASONS[fields['reason'] as Reason] ?? null, box: fields['box'] ?? null };
  return {};
}
