import type { Person } from '../person/person.js';
import type { EventFields } from '../site/messages.js';

/** Port: who is told of what requests have done. */
export interface RequestReports {
  /** Somebody asked something of the door. @param done whether the door did it */
  asked(verb: 'open' | 'lock' | 'mode', by: string, reason: string | null, facts: EventFields, done: boolean): void;
  /** Somebody was enrolled here, or another photo added. @param forced whom the face is too near to, where that was overridden */
  enrolled(person: Person, forced: string | undefined): void;
  removed(id: string, by: string): void;
  /** Somebody's whereabouts were forgotten on request. */
  forgiven(id: string, by: string): void;
}
