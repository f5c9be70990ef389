import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Speaker } from '../../src/voice/speaker.js';

/** A speaker, and what it has said so far. */
export interface SpeakerBench {
  readonly speaker: Speaker;
  readonly heard: () => readonly string[];
  readonly clear: () => void;
}

/** Every Speaker, real or simulated, passes these. */
export function speakerContract(name: string, make: () => SpeakerBench): void {
  describe(`every speaker: ${name}`, () => {
    let bench: SpeakerBench;
    beforeEach(() => {
      bench = make();
    });
    afterEach(async () => {
      await bench.speaker.close();
      bench.clear();
    });
    const untilHeard = (text: string) =>
      vi.waitFor(() => expect(bench.heard()).toContain(text), { timeout: 20_000, interval: 5 });

    test('says what it is given, in order', async () => {
      bench.speaker.say('Welcome Ada, have a nice day!', 'en');
      bench.speaker.say('歡迎王小明，祝您有美好的一天！', 'zh-TW');
      await untilHeard('歡迎王小明，祝您有美好的一天！');
      expect(bench.heard()).toEqual(['Welcome Ada, have a nice day!', '歡迎王小明，祝您有美好的一天！']);
    });

    test('when too many texts wait, drops the oldest and says the newest', async () => {
      for (let guest = 0; guest < 500; guest++) bench.speaker.say(`Welcome guest ${guest}`, 'en');
      await untilHeard('Welcome guest 499');
      expect(bench.heard().length).toBeLessThanOrEqual(100);
    });

    test('takes any text without an error', async () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.constantFrom('', '\0', '\ud800', '-w', '</speak>'),
      );
      fc.assert(
        fc.property(text, fc.constantFrom('en' as const, 'zh-TW' as const), (any, language) =>
          bench.speaker.say(any, language),
        ),
      );
      bench.speaker.say(`Welcome ${'x'.repeat(1_000_000)}`, 'en');
      bench.speaker.say('Welcome back', 'en');
      await untilHeard('Welcome back');
    });

    test('is not speaking once everything is said', async () => {
      bench.speaker.say('Welcome Ada, have a nice day!', 'en');
      await untilHeard('Welcome Ada, have a nice day!');
      await vi.waitFor(() => expect(bench.speaker.speaking).toBe(false), { timeout: 20_000, interval: 5 });
    });

    test('is silent once closed, and may be closed twice', async () => {
      await bench.speaker.close();
      bench.speaker.say('Welcome too late', 'en');
      await bench.speaker.close();
      expect(bench.heard()).toEqual([]);
    });
  });
}
