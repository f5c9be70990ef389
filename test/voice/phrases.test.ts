import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Advice, adviceIn, type Guest, greetings, NAMES_MAX, UTTERANCE_MAX } from '../../src/voice/phrases.js';

const guest = (name: string, more: Partial<Guest> = {}): Guest => ({ name, language: null, greeting: null, ...more });
const texts = (guests: readonly Guest[], gate: 'en' | 'zh-TW'): string[] =>
  greetings(guests, gate).map(({ text }) => text);

describe('people who come in together are greeted with one sentence', () => {
  test.each<[string, 'en' | 'zh-TW', string[], string]>([
    ['one', 'en', ['Ada'], 'Welcome Ada, have a nice day!'],
    ['two', 'en', ['Ada', 'Grace'], 'Welcome Ada and Grace, have a nice day!'],
    ['three', 'en', ['Ada', 'Grace', 'Alan'], 'Welcome Ada, Grace and Alan, have a nice day!'],
    ['six', 'en', ['A', 'B', 'C', 'D', 'E', 'F'], 'Welcome A, B, C, D, E and one other, have a nice day!'],
    ['eight', 'en', [...'ABCDEFGH'], 'Welcome A, B, C, D, E and 3 others, have a nice day!'],
    ['one, in Chinese', 'zh-TW', ['王小明'], '歡迎王小明，祝您有美好的一天！'],
    ['one with a Latin name, in Chinese', 'zh-TW', ['Ada'], '歡迎 Ada，祝您有美好的一天！'],
    ['two, in Chinese', 'zh-TW', ['王小明', '陳美玲'], '歡迎王小明和陳美玲，祝各位有美好的一天！'],
    ['three, in Chinese', 'zh-TW', ['Ada', 'Grace', '王小明'], '歡迎 Ada、Grace 和王小明，祝各位有美好的一天！'],
    ['eight, in Chinese', 'zh-TW', [...'甲乙丙丁戊己庚辛'], '歡迎甲、乙、丙、丁、戊和另外 3 位，祝各位有美好的一天！'],
  ])('%s', (_count, language, names, sentence) => {
    expect(
      greetings(
        names.map((name) => guest(name)),
        language,
      ),
    ).toEqual([{ text: sentence, language }]);
  });
});

describe('languages', () => {
  test('all are greeted in their own language, or in the gate’s where they have none', () => {
    const guests = [guest('Ada'), guest('王小明', { language: 'zh-TW' }), guest('Grace', { language: 'en' })];
    expect(greetings(guests, 'en')).toEqual([
      { text: 'Welcome Ada and Grace, have a nice day!', language: 'en' },
      { text: '歡迎王小明，祝您有美好的一天！', language: 'zh-TW' },
    ]);
  });

  test('without guests there is no greeting', () => expect(greetings([], 'en')).toEqual([]));
});

test.each<[Advice, string, string]>([
  ['turn-head', 'Please turn your head a little.', '請稍微轉動頭部。'],
  ['come-nearer', 'Please come a little nearer.', '請靠近一點。'],
  ['step-back', 'Please step back a little.', '請退後一點。'],
  ['more-light', 'Please turn your face to the light.', '請將臉轉向光線。'],
  ['one-at-a-time', 'One at a time, please.', '請一次一位。'],
  ['look-here', 'Please look straight into the camera.', '請正視鏡頭。'],
  ['try-again', 'Please wait a moment and try again.', '請稍候再試一次。'],
])('advice in both languages: %s', (advice, english, chinese) => {
  expect(adviceIn('en', advice)).toEqual({ text: english, language: 'en' });
  expect(adviceIn('zh-TW', advice)).toEqual({ text: chinese, language: 'zh-TW' });
});

describe('a personal greeting', () => {
  test('takes the place of the common phrase', () => {
    expect(texts([guest('Ada', { greeting: 'Good morning {name}, {name}!' })], 'en')).toEqual([
      'Good morning Ada, Ada!',
    ]);
  });

  test('comes before the common phrase for the others', () => {
    expect(texts([guest('Alan'), guest('Ada', { greeting: 'Hello boss!' })], 'en')).toEqual([
      'Hello boss! Welcome Alan, have a nice day!',
    ]);
    expect(texts([guest('王小明'), guest('Ada', { greeting: '老闆好！' })], 'zh-TW')).toEqual([
      '老闆好！歡迎王小明，祝您有美好的一天！',
    ]);
  });

  test('that is empty does not count', () => {
    expect(texts([guest('Ada', { greeting: ' <x> ' })], 'en')).toEqual(['Welcome Ada, have a nice day!']);
  });

  test('takes a name with dollar signs as it is', () => {
    expect(texts([guest("A$& $1 $'", { greeting: 'Hi {name}!' })], 'en')).toEqual(["Hi A$ $1 $'!"]);
  });
});

describe('names and greetings are text from outside', () => {
  test.each<[string, string, string]>([
    ['markup', '<voice name="x">Ada</voice>', 'Welcome Ada, have a nice day!'],
    ['an open tag', 'Ada <break', 'Welcome Ada break, have a nice day!'],
    ['entities', 'Ada &lt;b&gt;', 'Welcome Ada lt;b gt;, have a nice day!'],
    ['phonemes', '[[h@l]] Ada', 'Welcome h@l Ada, have a nice day!'],
    ['control characters', 'A\u0001da\n\t', 'Welcome A da, have a nice day!'],
    ['text that runs backwards', 'Ada\u202E', 'Welcome Ada, have a nice day!'],
    ['half a character', 'Ada\ud83d', 'Welcome Ada, have a nice day!'],
    ['nothing speakable', '<>', 'Welcome, have a nice day!'],
    ['a placeholder', '{name}', 'Welcome name, have a nice day!'],
    ['two spellings of one letter', 'Zoe\u0308', 'Welcome Zoë, have a nice day!'],
    ['200 characters', 'x'.repeat(200), `Welcome ${'x'.repeat(40)}, have a nice day!`],
  ])('%s', (_what, name, sentence) => {
    expect(texts([guest(name)], 'en')).toEqual([sentence]);
  });

  test('a greeting and a name cannot form markup together', () => {
    expect(texts([guest('voice', { greeting: '<{name}>hi' })], 'en')).toEqual(['voice hi']);
  });

  test('whatever they contain, an utterance is short and consists of words only', () => {
    const any = fc.string({ unit: 'binary', maxLength: 100 });
    const language = fc.constantFrom('en' as const, 'zh-TW' as const);
    const someone = fc.record({
      name: any,
      language: fc.option(language),
      greeting: fc.option(fc.oneof(any, fc.constant('<{name}&{name}>'))),
    });
    fc.assert(
      fc.property(fc.array(someone, { maxLength: 20 }), language, (guests, gate) => {
        const said = greetings(guests, gate);
        expect(said.length).toBeLessThanOrEqual(2);
        for (const { text } of said) {
          expect(text).not.toMatch(/[<>&[\]{}\p{C}]/u);
          expect([...text].length).toBeLessThanOrEqual(UTTERANCE_MAX);
          expect(text).not.toBe('');
        }
      }),
    );
  });

  test('names that fit are all spoken, each once', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[B-V]{2,9}$/), { minLength: 1, maxLength: NAMES_MAX });
    fc.assert(
      fc.property(names, fc.constantFrom('en' as const, 'zh-TW' as const), (several, gate) => {
        const [text = ''] = texts(
          several.map((name) => guest(name)),
          gate,
        );
        expect(text.match(/[B-V]{2,}/g)).toEqual(several);
      }),
    );
  });
});
