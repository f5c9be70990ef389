import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { ADVICE_PAUSE_MS, Greeter } from '../../src/voice/greeter.js';
import type { Guest } from '../../src/voice/phrases.js';

const ADA: Guest = { name: 'Ada', language: null, greeting: null };
const NO_ADVICE = ['Welcome Ada, have a nice day!'];

/** A greeter, with a loudspeaker that speaks for as long as a test says. */
function stage() {
  const clock = new ManualClock();
  const said: string[] = [];
  const speaker = {
    speaking: false,
    say: (text: string) => void said.push(text),
    close: () => Promise.resolve(),
  };
  const greeter = new Greeter(speaker, clock, 'en', () => undefined);
  return { clock, said, greeter, speaker };
}

describe('advice', () => {
  test('is said in the language of the person, or the gate’s', () => {
    const { greeter, clock, said } = stage();
    expect(greeter.advise('one-at-a-time', null)).toBe(true);
    clock.advance(ADVICE_PAUSE_MS);
    expect(greeter.advise('one-at-a-time', 'zh-TW')).toBe(true);
    expect(said).toEqual(['One at a time, please.', '請一次一位。']);
  });

  test('comes one piece at a time, whoever it is for: people need a moment to follow it', () => {
    const { greeter, clock, said } = stage();
    greeter.advise('come-nearer', null);
    clock.advance(ADVICE_PAUSE_MS - 1);
    expect([greeter.advise('turn-head', null), greeter.advise('come-nearer', 'zh-TW')]).toEqual([false, false]);
    clock.advance(1);
    expect(greeter.advise('turn-head', null)).toBe(true);
    expect(said).toEqual(['Please come a little nearer.', 'Please turn your head a little.']);
  });

  test('does not go into a greeting that waits', () => {
    const { greeter, clock, said } = stage();
    greeter.welcome(ADA);
    expect(greeter.advise('turn-head', null)).toBe(false);
    clock.advance(1000);
    expect(said).toEqual(NO_ADVICE);
    expect(greeter.advise('turn-head', null)).toBe(true);
  });

  test('does not go into a greeting that is spoken; what was not said does not count as said', () => {
    const { greeter, clock, said, speaker } = stage();
    greeter.welcome(ADA);
    clock.advance(1000);
    speaker.speaking = true;
    expect(greeter.advise('turn-head', null)).toBe(false);
    expect(said).toEqual(NO_ADVICE);
    speaker.speaking = false;
    expect(greeter.advise('turn-head', null)).toBe(true);
  });
});
