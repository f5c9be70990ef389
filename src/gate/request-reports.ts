import type { Person } from '../person/person.js';
import type { EventFields } from '../site/messages.js';

/** Port: reports what requests have done. */
export interface RequestReports {
  /** A request to the door was served. @param by the name that the request gives @param done whether the door did it */
  doorRequested(
    verb: 'open' | 'lock' | 'mode',
    by: string,
    reason: string | null,
    facts: EventFields,
    done: boolean,
  ): void;
  /**
   * A person was enrolled here, or another photo of them added.
   * @param forced id of the person whose face is too near, where that was overridden
   */
  enrolled(person: Person, forced: string | undefined): void;
  removed(id: string, by: string): void;
  /** Somebody asked for a picture of what the camera sees. */
  snapshotTaken(by: string): void;
  /** Somebody asked whether a photo shows this person. */
  verified(id: string, by: string, same: boolean): void;
  /** A person's whereabouts were forgotten on request. */
  forgiven(id: string, by: string): void;
}
