import type { Language } from '../person/person.js';
import { speakable, UTTERANCE_MAX } from './phrases.js';

/**
 * Voices of espeak-ng 1.51. Its plain `cmn` reads Chinese characters as English syllables ("huan five, ying two");
 * `cmn-latn-pinyin` speaks Mandarin, but then reads Latin letters as pinyin. So each script has its voice.
 */
const VOICES: Readonly<Record<Language, string>> = { en: 'en', 'zh-TW': 'cmn-latn-pinyin' };

/** What espeak-ng gets on its standard input. */
export interface Speech {
  readonly voice: string;
  /** Whether `input` is SSML (option -m). */
  readonly markup: boolean;
  readonly input: string;
}

const voiceOf = (run: string, otherwise: string): string => {
  if (/\p{Script=Han}/u.test(run)) return VOICES['zh-TW'];
  if (/\p{Script=Latin}/u.test(run)) return VOICES.en;
  return otherwise;
};

/**
 * Runs of one script: a new one begins where Latin letters follow Han or the other way round. Everything else (digits,
 * punctuation, other scripts) stays with the run before it.
 */
const runsOf = (text: string): string[] =>
  text.match(/\p{Script=Han}[^\p{Script=Latin}]*|[^\p{Script=Han}]+/gu)?.filter((run) => run.trim() !== '') ?? [];

/**
 * Prepares any text for espeak-ng. Markup is removed first, so that the only tags are those made here.
 * @returns null when nothing speakable is left.
 */
export function speechOf(text: string, language: Language): Speech | null {
  const own = VOICES[language];
  const clean = speakable(text, UTTERANCE_MAX);
  if (!/[\p{L}\p{N}]/u.test(clean)) return null;
  const runs = runsOf(clean).map((run) => ({ run, voice: voiceOf(run, own) }));
  if (runs.every(({ voice }) => voice === own)) return { voice: own, markup: false, input: clean };
  const input = runs.map(({ run, voice }) => `<voice name="${voice}">${run}</voice>`).join('');
  return { voice: own, markup: true, input };
}
