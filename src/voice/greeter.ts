import type { Clock, Timer } from '../kit/clock.js';
import type { Language } from '../person/person.js';
import { type Guest, greetings, pleaseMove, type Utterance } from './phrases.js';
import type { Speaker } from './speaker.js';

/** People who are let in within this time are greeted together. The door does not wait for it. */
const TOGETHER_MS = 350;
/** Further guests are left out: a greeting says far fewer names anyway. */
const GUESTS_MAX = 20;

/** Greets people who come in together with one greeting, and asks a person to move when liveness needs that. */
export class Greeter {
  readonly #speaker: Speaker;
  readonly #clock: Clock;
  readonly #language: Language;
  readonly #onGreeting: (utterance: Utterance) => void;
  #guests: Guest[] = [];
  #timer: Timer | undefined;

  constructor(speaker: Speaker, clock: Clock, language: Language, onGreeting: (utterance: Utterance) => void) {
    this.#speaker = speaker;
    this.#clock = clock;
    this.#language = language;
    this.#onGreeting = onGreeting;
  }

  /** Adds a guest to the next greeting. Returns at once. */
  welcome(guest: Guest): void {
    if (this.#guests.length < GUESTS_MAX) this.#guests.push(guest);
    this.#timer ??= this.#clock.after(TOGETHER_MS, () => this.#greet());
  }

  /** Asks a person who does not move to turn the head. Returns at once. @param language null: the gate's */
  askToMove(language: Language | null): void {
    const { text, language: spoken } = pleaseMove(language ?? this.#language);
    this.#speaker.say(text, spoken);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#speaker.close();
  }

  #greet(): void {
    this.#timer = undefined;
    const guests = this.#guests;
    this.#guests = [];
    for (const utterance of greetings(guests, this.#language)) {
      this.#onGreeting(utterance);
      this.#speaker.say(utterance.text, utterance.language);
    }
  }
}
