import type { Person } from '../person/person.js';
import type { PeopleChange } from '../store/people-options.js';

/** Port: what is asked of the people store. */
export interface CountedPeople {
  readonly size: number;
  all(): Iterable<Person>;
  onChange(listener: (change: PeopleChange) => void): () => void;
}

/** How many people there are, with how many templates. They are counted anew only when somebody has changed: thousands take a moment. */
export class PeopleFigures {
  readonly #people: CountedPeople;
  readonly #unlisten: () => void;
  #counted: { readonly templates: number; readonly revisionMs: number } | undefined;

  constructor(people: CountedPeople) {
    this.#people = people;
    this.#unlisten = people.onChange(() => {
      this.#counted = undefined;
    });
  }

  get count(): number {
    return this.#people.size;
  }

  get templates(): number {
    return this.#count().templates;
  }

  /** When the newest version of a person was made; 0 where there is nobody. */
  get revisionMs(): number {
    return this.#count().revisionMs;
  }

  stop(): void {
    this.#unlisten();
  }

  #count() {
    if (this.#counted) return this.#counted;
    let templates = 0;
    let newest = '';
    for (const person of this.#people.all()) {
      templates += person.templates.length;
      if (person.version > newest) newest = person.version;
    }
    // A version begins with 13 digits of milliseconds.
    this.#counted = { templates, revisionMs: Number(newest.slice(0, 13)) };
    return this.#counted;
  }
}
