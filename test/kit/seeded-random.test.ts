import { expect, test } from 'vitest';
import { seeded } from '../../src/kit/seeded-random.js';

test('seeded random numbers are the same each time, differ by seed, and fill 0…1 evenly', () => {
  const take = (seed: number, n: number) => {
    const random = seeded(seed);
    return Array.from({ length: n }, random);
  };
  expect(take(7, 20)).toEqual(take(7, 20));
  expect(take(7, 20)).not.toEqual(take(8, 20));
  const many = take(7, 10_000);
  expect(Math.min(...many)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...many)).toBeLessThan(1);
  const tenths = many.reduce<number[]>((counts, value) => {
    const at = Math.floor(value * 10);
    counts[at] = (counts[at] ?? 0) + 1;
    return counts;
  }, []);
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
