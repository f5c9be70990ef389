import type { Opening } from '../config/opening.js';
import type { Person } from '../person/person.js';
import type { Calendar } from '../schedule/calendar.js';
import type { Direction, PassbackRule, PassbackViolation } from './passback.js';
import { Whereabouts, type WhereaboutsParts } from './whereabouts.js';

export interface MakeWhereaboutsParts extends Pick<WhereaboutsParts, 'file' | 'trustedClock'> {
  readonly people: Omit<WhereaboutsParts['people'], 'get'> & { get(id: string): Person | undefined };
  /** Port: who learns what happens. The person is undefined where they were removed meanwhile. */
  readonly reports: {
    passed(person: Person | undefined, direction: Direction): void;
    passbackViolation(person: Person | undefined, violation: PassbackViolation): void;
  };
}

/** Where people are, as the configuration wants it. */
export function makeWhereabouts(
  { config, clock }: Pick<Opening, 'config' | 'clock'>,
  { passback: rule, calendar }: { readonly passback: PassbackRule; readonly calendar: Calendar },
  { people, file, trustedClock, reports }: MakeWhereaboutsParts,
): Whereabouts {
  const { kind, contact, pulseMs, forcedGraceMs } = config.door;
  return new Whereabouts({
    rule,
    calendar,
    gate: config.gate,
    people,
    file,
    clock,
    trustedClock,
    hasContact: kind === 'gpio' && contact.line !== null,
    pulseMs: pulseMs + forcedGraceMs,
    onPassed: (id) => reports.passed(people.get(id), rule.direction),
    onViolation: (id, violation) => reports.passbackViolation(people.get(id), violation),
  });
}
