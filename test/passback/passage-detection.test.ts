import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MonotonicMs, monotonicMs } from '../../src/kit/clock.js';
import {
  contactBack,
  contactChanged,
  contactLost,
  type Detected,
  letIn,
  NO_COUNTS,
  newDetection,
  type PassageDetection,
} from '../../src/passback/passage-detection.js';

const PULSE_MS = 3000;
type Act = readonly [atMs: number, act: string];

const OPENING = { opens: 'pulse', free: 'free', forced: 'forced', closes: 'pulse' } as const;

/** Acts such as `ada` (let in), `opens`, `closes`, `free` or `forced` (opens so), `lost`, `back`, `back-open`. */
function after(detection: PassageDetection, act: string, at: MonotonicMs): Detected {
  if (act === 'lost') return contactLost(detection, at);
  if (act === 'back' || act === 'back-open')
    return { detection: contactBack(detection, act === 'back-open'), passed: [] };
  const why = OPENING[act as keyof typeof OPENING];
  return why ? contactChanged(detection, act !== 'closes', why, at) : letIn(detection, act, at, PULSE_MS);
}

function play(
  hasContact: boolean,
  acts: readonly Act[],
): { readonly passed: string[]; readonly detection: PassageDetection } {
  let detection = newDetection(hasContact, NO_COUNTS);
  const all: string[] = [];
  for (const [ms, act] of acts) {
    const detected = after(detection, act, monotonicMs(ms));
    detection = detected.detection;
    all.push(...detected.passed);
  }
  return { passed: all, detection };
}

describe('who has gone through', () => {
  test.each<[string, boolean, Act[], string[], Partial<typeof NO_COUNTS>]>([
    ['without a contact everyone who is let in', false, [[0, 'ada']], ['ada'], { granted: 1 }],
    ['with a contact nobody who is only let in', true, [[0, 'ada']], [], {}],
    [
      'a person who opens within the pulse',
      true,
      [
        [0, 'ada'],
        [2999, 'opens'],
      ],
      ['ada'],
      { granted: 1 },
    ],
    [
      'nobody who was let in too long ago',
      true,
      [
        [0, 'ada'],
        [3000, 'opens'],
      ],
      [],
      { others: 1 },
    ],
    [
      'of two people the first',
      true,
      [
        [0, 'ada'],
        [100, 'bob'],
        [200, 'opens'],
      ],
      ['ada'],
      { granted: 1 },
    ],
    [
      'one for each opening',
      true,
      [
        [0, 'ada'],
        [100, 'bob'],
        [200, 'opens'],
        [300, 'closes'],
        [400, 'opens'],
      ],
      ['ada', 'bob'],
      { granted: 2 },
    ],
    [
      'still the first person, because the second pulse lengthens the first',
      true,
      [
        [0, 'ada'],
        [2900, 'bob'],
        [4000, 'opens'],
      ],
      ['ada'],
      { granted: 1 },
    ],
    [
      'a person who is let in while the door stands open',
      true,
      [
        [0, 'opens'],
        [100, 'ada'],
      ],
      ['ada'],
      { others: 1, granted: 1 },
    ],
    [
      'nobody twice while the door stays open',
      true,
      [
        [0, 'ada'],
        [100, 'opens'],
        [200, 'opens'],
      ],
      ['ada'],
      { granted: 1 },
    ],
    [
      'nobody when the door is forced',
      true,
      [
        [0, 'ada'],
        [100, 'forced'],
      ],
      [],
      {},
    ],
    [
      'people who pass a released door are counted',
      true,
      [
        [0, 'free'],
        [100, 'closes'],
        [200, 'free'],
      ],
      [],
      { free: 2 },
    ],
    [
      'everyone who is let in while the contact is lost',
      true,
      [
        [0, 'lost'],
        [1, 'ada'],
        [2, 'back'],
        [3, 'bob'],
      ],
      ['ada'],
      { granted: 1 },
    ],
    [
      'everyone who is still expected when the contact is lost, and nobody whose time is over',
      true,
      [
        [0, 'ada'],
        [3000, 'bob'],
        [3001, 'lost'],
      ],
      ['bob'],
      { granted: 1 },
    ],
    [
      'the next person, too, if the door stands open when the contact is back',
      true,
      [
        [0, 'opens'],
        [1, 'lost'],
        [2, 'back-open'],
        [3, 'ada'],
      ],
      ['ada'],
      { others: 1, granted: 1 },
    ],
    [
      'a person let in twice, once',
      true,
      [
        [0, 'ada'],
        [100, 'ada'],
        [200, 'opens'],
        [300, 'closes'],
        [400, 'opens'],
      ],
      ['ada'],
      { granted: 1, others: 1 },
    ],
  ])('%s', (_what, hasContact, acts, passed, counts) => {
    const played = play(hasContact, acts);
    expect(played.passed).toEqual(passed);
    expect(played.detection.counts).toEqual({ ...NO_COUNTS, ...counts });
  });

  test('only people who were let in pass, each at most once for each time they were let in', () => {
    const act = fc.constantFrom('ada', 'bob', 'eve', 'opens', 'closes', 'free', 'forced');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2000), act), { maxLength: 60 }), (steps) => {
        let now = 0;
        const acts = steps.map(([wait, what]): Act => {
          now += wait;
          return [now, what];
        });
        const { passed, detection } = play(true, acts);
        for (const person of ['ada', 'bob', 'eve'])
          expect(passed.filter((one) => one === person).length).toBeLessThanOrEqual(
            acts.filter(([, what]) => what === person).length,
          );
        expect(detection.counts.granted).toBe(passed.length);
        expect(detection.expected.length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
