import { describe, expect, test } from 'vitest';
import { type DecisionMemory, EMPTY_MEMORY } from '../../src/access/decision.js';
import { ADVICE_AFTER_MS, whoWaits } from '../../src/access/waiting.js';
import { monotonicMs } from '../../src/kit/clock.js';
import type { TrackLiveness } from '../../src/liveness/liveness-tracks.js';
import { means, RULE, Scene, type Seen, says } from './sample.js';

const still: TrackLiveness = { kind: 'undecided', why: 'still', timedOut: false };
const dark: TrackLiveness = { kind: 'undecided', why: 'dark', timedOut: false };

function whoOf(seen: Seen, liveness: TrackLiveness, { afterMs = ADVICE_AFTER_MS, memory = {} } = {}) {
  const { tracks } = new Scene().watch([seen], afterMs / 100 + 1).tracks;
  const known: DecisionMemory = { ...EMPTY_MEMORY, ...memory };
  return whoWaits(tracks, new Map([[1, liveness]]), known, monotonicMs(afterMs), RULE);
}

describe('a person of whom it is not clear that they are alive', () => {
  const ada: Seen = { claim: means('ada') };

  test('is told after a while what would help, and something else if that changes', () => {
    expect(whoOf(ada, still)).toEqual([{ track: 1, person: 'ada', why: 'still' }]);
    expect(whoOf(ada, dark)).toEqual([{ track: 1, person: 'ada', why: 'dark' }]);
  });

  test.each<[string, () => readonly unknown[]]>([
    ['before that time', () => whoOf(ada, still, { afterMs: ADVICE_AFTER_MS - 100 })],
    ['after they were let in', () => whoOf(ada, still, { memory: { granted: new Set([1]) } })],
    [
      'right after they were let in on another track',
      () => whoOf(ada, still, { memory: { seenMs: new Map([['ada', 0]]) } }),
    ],
    ['when they are a picture', () => whoOf(ada, { kind: 'spoof' })],
    ['when they are not known', () => whoOf({ claim: says('nobody') }, still)],
  ])('is not told it %s', (_when, who) => {
    expect(who()).toEqual([]);
  });
});
