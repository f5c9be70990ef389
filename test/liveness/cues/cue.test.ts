import { describe, expect, test } from 'vitest';
import { appearance } from '../../../src/liveness/cues/appearance.js';
import { addToCue, type CueState, evidenceOfCue } from '../../../src/liveness/cues/cue.js';
import { CUES } from '../../../src/liveness/cues/cues.js';
import { liveSample, scored } from '../heads.js';

/** A made-up cue that reads this of every sample, and counts samples. */
const reads = (llr: number | undefined) => ({
  read: (_sample: unknown, memory: number) => ({ llr, memory: memory + 1 }),
});
const after = (llr: number | undefined, passedMs: number, before: Partial<CueState<number>> = {}) =>
  addToCue(reads(llr), { frames: 0, mean: 0, memory: 0, ...before }, liveSample(0), passedMs);

describe('what a cue gathers', () => {
  test.each<[string, number | undefined, number, Partial<CueState<number>>, { frames: number; mean: number }]>([
    ['the first sample counts whole', 3, 0, {}, { frames: 1, mean: 3 }],
    [
      'a sample a tenth of a second later nearly doubles the frames',
      1,
      100,
      { frames: 1, mean: 3 },
      { frames: 1.966, mean: 1.983 },
    ],
    ['a sample half as far off counts half', 0, 50, { frames: 1, mean: 3 }, { frames: 1.483, mean: 1.988 }],
    ['a later one counts whole, no more', 3, 900, { frames: 1, mean: 3 }, { frames: 1.732, mean: 3 }],
    ['a sample that says nothing leaves the mean', undefined, 2000, { frames: 4, mean: 2 }, { frames: 2, mean: 2 }],
    ['a second sample at the same time adds nothing', 9, 0, { frames: 2, mean: 1 }, { frames: 2, mean: 1 }],
  ])('%s', (_title, llr, passedMs, before, expected) => {
    const { frames, mean, memory } = after(llr, passedMs, before);
    expect(frames).toBeCloseTo(expected.frames, 3);
    expect(mean).toBeCloseTo(expected.mean, 3);
    expect(memory).toBe(1);
  });

  test('is worth its mean for one frame, more for more, and never more than 1/correlation single frames', () => {
    const worth = (frames: number, correlation = 0.5) => evidenceOfCue({ correlation }, { frames, mean: 2 });
    expect([0, 1, 2, 1e9].map((frames) => worth(frames))).toEqual([0, 2, expect.closeTo(8 / 3), expect.closeTo(4)]);
    expect(worth(5, 1)).toBe(2);
    expect(worth(5, 0)).toBe(10);
  });
});

describe('the list of cues', () => {
  test('gives every cue a name of its own and a correlation that is one', () => {
    expect(new Set(CUES.map(({ name }) => name)).size).toBe(CUES.length);
    for (const { correlation } of CUES) expect(correlation > 0 && correlation <= 1).toBe(true);
  });
});

describe('the appearance cue', () => {
  const read = (liveness: ReturnType<typeof scored> | undefined) =>
    appearance.read({ ...liveSample(0), liveness }, null).llr;

  test('reads the networks, within bounds; a number that is none speaks against a living face', () => {
    expect([3, -2, 50, -50, Number.NaN].map((llr) => read(scored(llr)))).toEqual([3, -2, 6, -6, -6]);
  });

  test('says nothing where there is no score', () => {
    expect(read(undefined)).toBeUndefined();
    expect(read({ kind: 'unknown', why: 'fault' })).toBeUndefined();
  });
});
