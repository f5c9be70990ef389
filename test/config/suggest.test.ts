import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edits, suggest } from '../../src/config/suggest.js';

const names = ['camera', 'cooldownMs', 'passwordFile', 'minEyeDistancePx'];

test.each<[string, string | null]>([
  ['camra', 'camera'],
  ['Camera', 'camera'],
  ['cooldown_ms', 'cooldownMs'],
  ['password', 'passwordFile'],
  ['minEyeDistance', 'minEyeDistancePx'],
  ['colour', null],
  ['x', null],
  ['', null],
  ['a'.repeat(10_000), null],
])('for %s the suggestion is %s', (written, meant) => {
  expect(suggest(written, names)).toBe(meant);
});

test('the number of edits is a distance: zero for equal names, the same both ways, no shortcut through a third', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(edits(a, a)).toBe(0);
      expect(edits(a, b)).toBe(edits(b, a));
      expect(edits(a, c)).toBeLessThanOrEqual(edits(a, b) + edits(b, c));
    }),
  );
});
