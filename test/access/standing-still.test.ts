import { describe, expect, test } from 'vitest';
import { EMPTY_MEMORY, type Memory } from '../../src/access/decision.js';
import { HINT_AFTER_MS, whoStandsStill } from '../../src/access/standing-still.js';
import { monotonicMs } from '../../src/kit/clock.js';
import type { Standing } from '../../src/liveness/liveness-tracks.js';
import { means, RULE, Scene, type Seen, says } from './sample.js';

const still: Standing = { kind: 'undecided', why: 'motion', timedOut: false };
const unsure: Standing = { kind: 'undecided', why: 'appearance', timedOut: false };

function whoOf(seen: Seen, standing: Standing, { afterMs = HINT_AFTER_MS, asked = [] as number[], memory = {} } = {}) {
  const { tracks } = new Scene().watch([seen], afterMs / 100 + 1).tracks;
  const known: Memory = { ...EMPTY_MEMORY, ...memory };
  return whoStandsStill(tracks, new Map([[1, standing]]), known, new Set(asked), monotonicMs(afterMs), RULE);
}

describe('who stands like a statue', () => {
  const ada: Seen = { claim: means('ada') };

  test('is asked to move after a while', () => {
    expect(whoOf(ada, still)).toEqual([{ track: 1, person: 'ada' }]);
  });

  test.each<[string, () => readonly unknown[]]>([
    ['before that', () => whoOf(ada, still, { afterMs: HINT_AFTER_MS - 100 })],
    ['twice', () => whoOf(ada, still, { asked: [1] })],
    ['after he was let in', () => whoOf(ada, still, { memory: { granted: new Set([1]) } })],
    [
      'right after he was let in on another track',
      () => whoOf(ada, still, { memory: { seenMs: new Map([['ada', 0]]) } }),
    ],
    ['who does not look alive, as no picture does', () => whoOf(ada, unsure)],
    ['who is a picture', () => whoOf(ada, { kind: 'spoof' })],
    ['who is nobody', () => whoOf({ claim: says('nobody') }, still)],
  ])('is not asked %s', (_when, who) => {
    expect(who()).toEqual([]);
  });
});
