// pure
/**
 * What the journal keeps of each thing that happens. What says who it was is in `personal` and so can be erased: people, the names
 * that requests give, and words that people wrote. Everything else stays in the chain for ever.
 */

import type { AttackAlarmReport } from '../access/attacks.js';
import { REASONS, type Reason } from '../access/reasons.js';
import type { DoorReport } from '../door/door.js';
import type { Decision, Spoof } from '../gate/decision-report.js';
import type { LooseFields } from '../journal/entry.js';
import type { JournalInput } from '../journal/writer.js';
import type { Person } from '../person/person.js';

/** @param box the face's, in whole pixels */
export function decisionEntry(decision: Decision, box: readonly number[] | null): JournalInput {
  const { type, reason, person, threshold, track, frame } = decision;
  const [distance, afterMs] = [rounded(decision.distance, 4), rounded(decision.afterMs, 0)];
  // A sentence that says no more than the reason is left out.
  const text = reason === null || decision.text === REASONS[reason as Reason] ? undefined : decision.text;
  const fields = { reason, text, distance, threshold, track, frame, afterMs, box: box ?? undefined };
  return { type, fields, ...(person && { personal: { person: person.id, name: person.name } }) };
}

const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits));

export const spoofEntry = ({ track, frame, person }: Spoof, box: readonly number[]): JournalInput => ({
  type: 'spoof',
  fields: { track, frame, box },
  ...(person && { personal: { person: person.id, name: person.name } }),
});

/** @param person whom the pictures showed */
export const attackAlarmEntry = ({ phase, attempts }: AttackAlarmReport, person: Person | undefined): JournalInput => ({
  type: 'attack-alarm',
  fields: { phase, attempts },
  ...(person && { personal: { person: person.id, name: person.name } }),
});

/** A grant's token is a track's number; that of a request is the name that it gives, which is personal whatever it looks like. */
export function doorEntry(report: DoorReport): JournalInput {
  const { type, ...facts } = report;
  if (report.type !== 'door' || report.cause === 'grant' || report.token === null) return { type, fields: facts };
  const { token, ...rest } = facts as LooseFields;
  return { type, fields: rest, personal: { by: token } };
}

/** A request was served. @param by the name that it gives @param note its words */
export const requestEntry = (type: string, by: string, note: string | null, fields: LooseFields): JournalInput => ({
  type,
  fields,
  personal: { by, ...(note !== null && { note }) },
});

/** A person was enrolled or changed here. @param other id of the person whose face is too near, where that was overridden */
export const enrolledEntry = (
  { id, name, version, templates, by }: Person,
  other: string | undefined,
): JournalInput => ({
  type: 'enrolled',
  fields: { version, templates: templates.length, forced: other !== undefined },
  personal: { person: id, name, by, ...(other !== undefined && { other }) },
});

export const removedEntry = (id: string, by: string): JournalInput => ({
  type: 'removed',
  personal: { person: id, by },
});

export const passageEntry = (type: string, person: Person | undefined, fields: LooseFields): JournalInput => ({
  type,
  fields,
  ...(person && { personal: { person: person.id, name: person.name } }),
});
