// pure
import type { EventFields } from '../messages.js';
import type { ACCESS_TYPES } from './components.js';
import type { LastPerson } from './state.js';

/** Events of the gate, by what they are in Home Assistant. */
const TYPES: Readonly<Record<string, (typeof ACCESS_TYPES)[number]>> = {
  granted: 'granted',
  refused: 'refused',
  spoof: 'picture',
};

/** What Home Assistant is told of somebody who came. */
export interface AccessEvent {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Who it was, where persons are told and it is known. */
  readonly last: LastPerson | undefined;
}

/** @param names whether id and name are told @returns undefined for events that do not concern Home Assistant */
export function accessEvent(type: string, fields: EventFields, at: string, names: boolean): AccessEvent | undefined {
  const event_type = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (event_type === undefined) return undefined;
  const reason = text(fields['reason']);
  const base = { event_type, at, ...(reason !== null && { reason }) };
  const id = text(fields['person']);
  if (!names || id === null) return { payload: base, last: undefined };
  const name = text(fields['name']);
  // Whom a picture shows did not come.
  const last =
    event_type === 'picture'
      ? undefined
      : { id, name, let: event_type === 'granted' ? ('in' as const) : ('not in' as const), at };
  return { payload: { ...base, person: id, name }, last };
}

const text = (value: EventFields[string] | undefined): string | null => (typeof value === 'string' ? value : null);
