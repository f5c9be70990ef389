import type { Language } from '../person/person.js';

/** Port: something that says greetings aloud. Sound is a courtesy: it never holds up the gate. */
export interface Speaker {
  /** Returns at once and never throws. Spoken in order; under a crowd the oldest that wait are dropped. */
  say(text: string, language: Language): void;
  /** Stops in mid-sentence; nothing is said afterwards. Safe to call twice. */
  close(): Promise<void>;
}

/** Most greetings that wait while one is spoken: one approach has at most one utterance a language. */
export const WAITING_MAX = 2;

/** The queue after `item` came: the newest greeting wins, who left long ago needs none. */
export const withNewest = <T>(waiting: readonly T[], item: T): readonly T[] => [...waiting, item].slice(-WAITING_MAX);
