import type { Clock, MonotonicMs, Timer } from '../kit/clock.js';
import type { Language } from '../person/person.js';
import { type Advice, adviceIn, type Guest, greetings, type Utterance } from './phrases.js';
import type { Speaker } from './speaker.js';

/** People who are let in within this time are greeted together. The door does not wait for it. */
const TOGETHER_MS = 350;
/** Further guests are left out: a greeting says far fewer names anyway. */
const GUESTS_MAX = 20;

/** After a piece of advice people have so long to follow it before the next one. */
export const ADVICE_PAUSE_MS = 4000;

/** Greets people who come in together with one greeting, and tells a person who is not let in what to do. */
export class Greeter {
  readonly #speaker: Speaker;
  readonly #clock: Clock;
  readonly #language: Language;
  readonly #onGreeting: (utterance: Utterance) => void;
  #guests: Guest[] = [];
  #timer: Timer | undefined;
  #advisedMs: MonotonicMs | undefined;

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

  /**
   * Tells a person what to do, unless a greeting waits or is spoken, or advice was given a moment ago: whoever stands there hears
   * one thing at a time. Returns at once.
   * @param language null: the gate's
   * @returns whether it is said; if not, it may be tried again with a later frame
   */
  advise(advice: Advice, language: Language | null): boolean {
    if (this.#timer || this.#speaker.speaking) return false;
    const now = this.#clock.monotonic();
    const sinceMs = this.#advisedMs === undefined ? Number.POSITIVE_INFINITY : now - this.#advisedMs;
    if (sinceMs >= 0 && sinceMs < ADVICE_PAUSE_MS) return false;
    this.#advisedMs = now;
    const { text, language: spoken } = adviceIn(language ?? this.#language, advice);
    this.#speaker.say(text, spoken);
    return true;
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
