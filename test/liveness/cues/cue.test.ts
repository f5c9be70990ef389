import { describe, expect, test } from 'vitest';
import { addToCue, type CueReading } from '../../../src/liveness/cues/cue.js';
import { CUES, hintOf } from '../../../src/liveness/cues/cues.js';
import { LIVENESS_RULE } from '../../../src/liveness/liveness-rule.js';
import { liveSample } from '../heads.js';

const SUM = { leastS: -1, mostS: 2, stepMaxS: 0.5, halfLifeS: 8 };
/** The sum after one sample that a made-up cue reads in this way. */
const sumAfter = (reading: Omit<CueReading<number>, 'memory'>, passedS: number, sumS = 0) =>
  addToCue(
    { sum: SUM, read: (_sample, memory: number) => ({ ...reading, memory: memory + 1 }) },
    { sumS, memory: 0 },
    liveSample(0),
    passedS,
    LIVENESS_RULE,
  );

describe('the sum of a cue', () => {
  test.each<[string, Omit<CueReading, 'memory'>, number, number, number]>([
    ['grows by the time since the sample before', { worth: 1 }, 0.1, 0, 0.1],
    ['grows by what the sample is worth', { worth: -0.5 }, 0.1, 0, -0.05],
    ['grows by one step at most, however long nothing was seen', { worth: 1 }, 1.4, 0, 0.5],
    ['does not grow with the first sample', { worth: 1 }, 0, 0, 0],
    ['stays below its upper bound', { worth: 1 }, 0.4, 1.9, 2],
    ['stays above its lower bound', { worth: -1.5 }, 0.4, -0.9, -1],
    ['halves in its half-life while a sample says nothing', { worth: undefined }, 8, 1, 0.5],
    ['falls to its least with a sample that is clearly a picture', { worth: 1, isPicture: true }, 0.1, 1.9, -1],
  ])('%s', (_title, reading, passedS, before, after) => {
    const { state, isPicture } = sumAfter(reading, passedS, before);
    expect(state.sumS).toBeCloseTo(after, 10);
    expect(state.memory).toBe(1);
    expect(isPicture).toBe(reading.isPicture ?? false);
  });
});

describe('the list of cues', () => {
  test('gives every cue a name of its own', () => {
    expect(new Set(CUES.map(({ name }) => name)).size).toBe(CUES.length);
  });

  test('has a sentence for whatever a cue misses before its first sample', () => {
    for (const { whyNot, start } of CUES) expect(hintOf(whyNot(start))).toMatch(/.{20}/);
  });
});
