// pure
import type { Person } from '../person/person.js';
import type { MergeOutcome } from '../person/version.js';
import { checkRoom } from './admission.js';
import { outcomeOf } from './merge.js';
import { emptyDocument } from './people-document.js';
import { PeopleState } from './people-state.js';

/** Persons of other gates who came while it is not known who was removed, because the file cannot be read. */
export class WaitingPeople {
  readonly #state = new PeopleState(emptyDocument(''));

  /** The greatest version of any of them. */
  get latest(): string | null {
    return this.#state.latest;
  }

  all(): readonly Person[] {
    return [...this.#state.people.values()];
  }

  /** Keeps a person; the newest record counts. @throws OperatingError KAIMON_PEOPLE_FULL */
  add(person: Person): MergeOutcome {
    const outcome = outcomeOf(this.#state.record(person.id), person);
    if (outcome !== 'taken') return outcome;
    checkRoom(person, this.#state);
    this.#state.set(person);
    return outcome;
  }
}
