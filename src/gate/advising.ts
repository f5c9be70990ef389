import type { Language } from '../person/person.js';
import type { Greeter } from '../voice/greeter.js';
import type { Advice } from '../voice/phrases.js';

/** Tells people what to do: each track the same thing once, as soon as the voice is free and while they are there. */
export class Advising {
  readonly #greeter: Pick<Greeter, 'advise'> | undefined;
  /** By track, bounded by the tracks there are: what it is to be told, and what it was told. */
  #byTrack: ReadonlyMap<number, Told> = new Map();

  /** @param greeter undefined where nothing is said */
  constructor(greeter: Pick<Greeter, 'advise'> | undefined) {
    this.#greeter = greeter;
  }

  /** The person of this track should do something. Replaces what was not yet said. @param language null: the gate's */
  want(track: number, advice: Advice, language: Language | null): void {
    const told = this.#byTrack.get(track)?.told ?? new Set();
    if (told.has(advice)) return;
    this.#byTrack = new Map(this.#byTrack).set(track, { next: { advice, language }, told });
  }

  /** Says what may be said now. @param waiting tracks that are there and were not let in; the others are forgotten */
  speak(waiting: ReadonlySet<number>): void {
    const kept = new Map<number, Told>();
    for (const [track, { next, told }] of this.#byTrack) {
      if (!waiting.has(track)) continue;
      const said = next !== undefined && this.#greeter?.advise(next.advice, next.language) === true;
      kept.set(track, said ? { next: undefined, told: new Set([...told, next.advice]) } : { next, told });
    }
    this.#byTrack = kept;
  }
}

interface Told {
  readonly next: { readonly advice: Advice; readonly language: Language | null } | undefined;
  readonly told: ReadonlySet<Advice>;
}
