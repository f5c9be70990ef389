import fc from 'fast-check';
import { expect, test } from 'vitest';
import { speechOf } from '../../src/voice/espeak-text.js';

const mandarin = (text: string) => `<voice name="cmn-latn-pinyin">${text}</voice>`;
const english = (text: string) => `<voice name="en">${text}</voice>`;

test.each<[string, 'en' | 'zh-TW', string, string, boolean, string]>([
  ['English', 'en', 'Welcome Ada!', 'en', false, 'Welcome Ada!'],
  ['Chinese', 'zh-TW', '歡迎王小明！', 'cmn-latn-pinyin', false, '歡迎王小明！'],
  ['Chinese with a number', 'zh-TW', '另外 3 位', 'cmn-latn-pinyin', false, '另外 3 位'],
  [
    'a Latin name in Chinese',
    'zh-TW',
    '歡迎 Ada，您好',
    'cmn-latn-pinyin',
    true,
    mandarin('歡迎 ') + english('Ada，') + mandarin('您好'),
  ],
  [
    'a Chinese name in English',
    'en',
    'Welcome 王小明, hello',
    'en',
    true,
    english('Welcome ') + mandarin('王小明, ') + english('hello'),
  ],
  ['another script', 'en', 'Добро', 'en', false, 'Добро'],
  ['markup in the text', 'en', '<audio src="/etc/passwd"/>王 & Ada', 'en', true, mandarin('王 ') + english('Ada')],
])('%s is spoken with the voice of each script', (_what, language, text, voice, markup, input) => {
  expect(speechOf(text, language)).toEqual({ voice, markup, input });
});

test.each(['', ' ', '!?…', '\0'])('nothing is spoken for %j', (text) => {
  expect(speechOf(text, 'en')).toBeNull();
});

test("the only markup is Kaimon's own, and none of the text is lost", () => {
  const text = fc.string({ unit: fc.constantFrom(...'aB王小<>&/"=[]; \u0001é1，') });
  fc.assert(
    fc.property(text, fc.constantFrom('en' as const, 'zh-TW' as const), (any, language) => {
      const speech = speechOf(any, language);
      if (speech === null) return;
      const words = speech.markup
        ? speech.input.replace(/<voice name="(en|cmn-latn-pinyin)">|<\/voice>/g, '')
        : speech.input;
      expect(words).not.toMatch(/[<>&[\]]/);
      const letters = any.replace(/<[^<>]*>/g, ' ').replace(/[^\p{L}\p{N}]/gu, '');
      expect(words.replace(/[^\p{L}\p{N}]/gu, '')).toBe(letters);
    }),
  );
});
