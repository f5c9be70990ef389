import type { Language } from '../person/person.js';

/** Port: says greetings aloud. The gate never waits for it. */
export interface Speaker {
  /** Whether something is being said, or waits to be. */
  readonly speaking: boolean;
  /** Returns at once and never throws. Texts are spoken in order; when too many wait, the oldest are dropped. */
  say(text: string, language: Language): void;
  /** Stops even in mid-sentence; nothing is said afterwards. Safe to call twice. */
  close(): Promise<void>;
}

/** Most greetings that wait while one is spoken: one approach has at most one utterance a language. */
const WAITING_MAX = 2;

/** The queue with `item` added. The newest stay: a person who left long ago needs no greeting. */
export const withNewest = <T>(waiting: readonly T[], item: T): readonly T[] => [...waiting, item].slice(-WAITING_MAX);
