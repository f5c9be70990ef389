import { describe, expect, test } from 'vitest';
import { type DecisionMemory, EMPTY_MEMORY } from '../../src/access/decision.js';
import { HINT_AFTER_MS, whoStandsStill } from '../../src/access/standing-still.js';
import { monotonicMs } from '../../src/kit/clock.js';
import type { TrackLiveness } from '../../src/liveness/liveness-tracks.js';
import { means, RULE, Scene, type Seen, says } from './sample.js';

const still: TrackLiveness = { kind: 'undecided', why: 'motion', timedOut: false };
const unsure: TrackLiveness = { kind: 'undecided', why: 'appearance', timedOut: false };

function whoOf(
  seen: Seen,
  liveness: TrackLiveness,
  { afterMs = HINT_AFTER_MS, askedToMove = [] as number[], memory = {} } = {},
) {
  const { tracks } = new Scene().watch([seen], afterMs / 100 + 1).tracks;
  const known: DecisionMemory = { ...EMPTY_MEMORY, ...memory };
  return whoStandsStill(tracks, new Map([[1, liveness]]), known, new Set(askedToMove), monotonicMs(afterMs), RULE);
}

describe('a person who stands still', () => {
  const ada: Seen = { claim: means('ada') };

  test('is asked to move after a while', () => {
    expect(whoOf(ada, still)).toEqual([{ track: 1, person: 'ada' }]);
  });

  test.each<[string, () => readonly unknown[]]>([
    ['before that time', () => whoOf(ada, still, { afterMs: HINT_AFTER_MS - 100 })],
    ['twice', () => whoOf(ada, still, { askedToMove: [1] })],
    ['after they were let in', () => whoOf(ada, still, { memory: { granted: new Set([1]) } })],
    [
      'right after they were let in on another track',
      () => whoOf(ada, still, { memory: { seenMs: new Map([['ada', 0]]) } }),
    ],
    ['when they do not look alive, which no picture does', () => whoOf(ada, unsure)],
    ['when they are a picture', () => whoOf(ada, { kind: 'spoof' })],
    ['when they are not known', () => whoOf({ claim: says('nobody') }, still)],
  ])('is not asked %s', (_when, who) => {
    expect(who()).toEqual([]);
  });
});
