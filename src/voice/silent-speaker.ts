import type { Language } from '../person/person.js';
import type { Utterance } from './phrases.js';
import type { Speaker } from './speaker.js';

/** Only so many utterances are remembered, the newest ones. */
const REMEMBERED_MAX = 100;

/** Simulated: says nothing and remembers what it would have said. For `greeting.speak: false`, the demo and tests. */
export class SilentSpeaker implements Speaker {
  #said: readonly Utterance[] = [];
  #open = true;

  /** What is not said takes no time. */
  readonly speaking = false;

  /** Oldest first. */
  get said(): readonly Utterance[] {
    return this.#said;
  }

  say(text: string, language: Language): void {
    if (this.#open) this.#said = [...this.#said, { text, language }].slice(-REMEMBERED_MAX);
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }
}
