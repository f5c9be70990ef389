import type { Language } from '../person/person.js';

/** A person who was let in, with what the greeting needs. */
export interface Guest {
  readonly name: string;
  /** Null: the gate's language. */
  readonly language: Language | null;
  /** A personal greeting in place of the common phrase; `{name}` is replaced. */
  readonly greeting: string | null;
}

/** One thing to say, in one language. */
export interface Utterance {
  readonly text: string;
  readonly language: Language;
}

/** Most names in one greeting; the rest become "and 3 others". */
export const NAMES_MAX = 5;

/** Most personal greetings in one utterance; the other guests are greeted by name. */
const PERSONAL_MAX = 2;

/** Longest name that is spoken, in characters. */
const NAME_MAX = 40;

/** Longest utterance in characters: about half a minute of speech. */
export const UTTERANCE_MAX = 300;

/**
 * What a person who is not let in can do about it: turn the head a little, come nearer, step back, turn to the light, come one at a
 * time, look into the camera, or wait a moment.
 */
export type Advice =
  | 'turn-head'
  | 'come-nearer'
  | 'step-back'
  | 'more-light'
  | 'one-at-a-time'
  | 'look-here'
  | 'try-again';

interface Phrases {
  readonly advice: Readonly<Record<Advice, string>>;
  readonly welcome: (names: readonly string[], others: number) => string;
  readonly betweenSentences: string;
}

function welcomeInEnglish(names: readonly string[], others: number): string {
  const parts = others === 0 ? names : [...names, others === 1 ? 'one other' : `${others} others`];
  const last = parts.at(-1) ?? '';
  const list = parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
  return list === '' ? 'Welcome, have a nice day!' : `Welcome ${list}, have a nice day!`;
}

/** Chinese typesetting puts a space between Han and Latin text, and none between Han and Han. */
const spaced = (text: string): string =>
  text
    .replace(/(\p{Script=Han})(?=[\p{Script=Latin}\p{N}])/gu, '$1 ')
    .replace(/([\p{Script=Latin}\p{N}])(?=\p{Script=Han})/gu, '$1 ');

function welcomeInChinese(names: readonly string[], others: number): string {
  const parts = others === 0 ? names : [...names, `另外${others}位`];
  const last = parts.at(-1) ?? '';
  const list = parts.length < 2 ? last : `${parts.slice(0, -1).join('、')}和${last}`;
  return spaced(`歡迎${list}，祝${parts.length > 1 ? '各位' : '您'}有美好的一天！`);
}

const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    advice: {
      'turn-head': 'Please turn your head a little.',
      'come-nearer': 'Please come a little nearer.',
      'step-back': 'Please step back a little.',
      'more-light': 'Please turn your face to the light.',
      'one-at-a-time': 'One at a time, please.',
      'look-here': 'Please look straight into the camera.',
      'try-again': 'Please wait a moment and try again.',
    },
    welcome: welcomeInEnglish,
    betweenSentences: ' ',
  },
  'zh-TW': {
    advice: {
      'turn-head': '請稍微轉動頭部。',
      'come-nearer': '請靠近一點。',
      'step-back': '請退後一點。',
      'more-light': '請將臉轉向光線。',
      'one-at-a-time': '請一次一位。',
      'look-here': '請正視鏡頭。',
      'try-again': '請稍候再試一次。',
    },
    welcome: welcomeInChinese,
    betweenSentences: '',
  },
};

const cut = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length > most ? characters.slice(0, most).join('').trimEnd() : text;
};

/** Removes control and formatting characters, markup (SSML) and phoneme brackets, and joins spaces. */
const cleaned = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/[\p{C}\p{Z}<>&[\]{}]+/gu, ' ');

/** Text from outside without anything that a voice could take as a command, at most `most` characters. */
export const speakable = (text: string, most: number): string => cut(cleaned(text).trim(), most);

/** The personal greeting with the name in it, or null where there is none. */
function personal({ greeting, name }: Guest): string | null {
  // Cleaned piece by piece, so that text and name cannot form markup together.
  const pieces = greeting?.split('{name}').map(cleaned);
  return pieces?.join(speakable(name, NAME_MAX)).trim() || null;
}

function utter(guests: readonly Guest[], language: Language): Utterance {
  const { welcome, betweenSentences } = PHRASES[language];
  const own: string[] = [];
  const byName: string[] = [];
  for (const guest of guests) {
    const text = own.length < PERSONAL_MAX ? personal(guest) : null;
    if (text === null) byName.push(speakable(guest.name, NAME_MAX));
    else own.push(text);
  }
  const named = byName.filter((name) => name !== '').slice(0, NAMES_MAX);
  const others = named.length === 0 ? 0 : byName.length - named.length;
  const phrase = byName.length > 0 ? [welcome(named, others)] : [];
  return { text: cut([...own, ...phrase].join(betweenSentences), UTTERANCE_MAX), language };
}

/** For a person who is not let in and can do something about it. */
export const adviceIn = (language: Language, advice: Advice): Utterance => ({
  text: PHRASES[language].advice[advice],
  language,
});

/**
 * What to say to people who come in together: one utterance for each language, in the order of the guests.
 *
 * All are greeted in their own language, or the gate's where they have none, because a voice can pronounce only its own.
 * Personal greetings come before the common phrase.
 */
export function greetings(guests: readonly Guest[], gateLanguage: Language): readonly Utterance[] {
  const byLanguage = new Map<Language, Guest[]>();
  for (const guest of guests) {
    const language = guest.language ?? gateLanguage;
    byLanguage.set(language, [...(byLanguage.get(language) ?? []), guest]);
  }
  return [...byLanguage].map(([language, together]) => utter(together, language));
}
