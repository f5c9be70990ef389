import { describe, expect, test } from 'vitest';
import { REASONS, type Reason } from '../../src/access/reasons.js';
import { adviceAbout, adviceFor } from '../../src/gate/advice-for.js';
import { Advising } from '../../src/gate/advising.js';
import type { Doubt } from '../../src/liveness/doubt.js';

test.each<[Reason, boolean, string]>([
  ['several-faces', true, 'one-at-a-time'],
  ['ambiguous', true, 'one-at-a-time'],
  ['ambiguous', false, 'look-here'],
  ['stale', true, 'try-again'],
  ['lockout', true, 'try-again'],
  ['too-small', false, 'come-nearer'],
  ['low-quality', false, 'look-here'],
])('who is refused for %s is told what to do', (reason, isKnown, advice) =>
  expect(adviceFor(reason, isKnown)).toBe(advice),
);

test('nobody is told what to do about a refusal that they cannot change', () => {
  const told = (Object.keys(REASONS) as Reason[]).filter((reason) => adviceFor(reason, true));
  expect(told.sort()).toEqual(['ambiguous', 'lockout', 'low-quality', 'several-faces', 'stale', 'too-small']);
});

test.each<[Doubt, string | undefined]>([
  ['still', 'turn-head'],
  ['context', 'step-back'],
  ['cut-off', 'step-back'],
  ['dark', 'more-light'],
  ['noise', 'more-light'],
  ['unsure', 'more-light'],
  ['unclear', 'look-here'],
  ['fault', undefined],
  ['missing', undefined],
])(
  'a person about whom there is the doubt "%s" is told what helps, where they can do anything about it',
  (doubt, advice) => expect(adviceAbout(doubt)).toBe(advice),
);

describe('advice to people who wait', () => {
  function stage() {
    const said: string[] = [];
    const voice = { free: true };
    const greeter = {
      advise: (advice: string) => voice.free && said.push(advice) > 0,
    };
    return { advising: new Advising(greeter), said, voice };
  }

  test('each is told the same thing once', () => {
    const { advising, said } = stage();
    for (let i = 0; i < 3; i++) {
      advising.want(1, 'one-at-a-time', null);
      advising.speak(new Set([1]));
    }
    expect(said).toEqual(['one-at-a-time']);
    advising.want(1, 'look-here', null);
    advising.speak(new Set([1]));
    expect(said).toEqual(['one-at-a-time', 'look-here']);
  });

  test('it waits until the voice is free', () => {
    const { advising, said, voice } = stage();
    voice.free = false;
    advising.want(1, 'try-again', null);
    advising.speak(new Set([1]));
    voice.free = true;
    advising.speak(new Set([1]));
    expect(said).toEqual(['try-again']);
  });

  test('nothing is said to somebody who was let in or has gone', () => {
    const { advising, said, voice } = stage();
    voice.free = false;
    advising.want(1, 'one-at-a-time', null);
    advising.speak(new Set([1]));
    voice.free = true;
    advising.speak(new Set());
    advising.speak(new Set([1]));
    expect(said).toEqual([]);
  });
});
