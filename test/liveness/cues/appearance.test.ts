import { describe, expect, test } from 'vitest';
import { worth } from '../../../src/liveness/cues/appearance.js';

describe('the appearance cue', () => {
  test('gives a surer score more worth, and takes NaN or a score outside 0…1 as speaking against a living face', () => {
    expect([0, 0.1, 0.5, 0.9, 0.98].every((score) => worth(score) < 0)).toBe(true);
    expect([worth(0.9995), worth(1)]).toEqual([1, 1]);
    expect([worth(Number.NaN), worth(2), worth(-1)]).toEqual([-1.5, -1.5, -1.5]);
  });
});
