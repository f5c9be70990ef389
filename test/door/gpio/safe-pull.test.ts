import { expect, test } from 'vitest';
import { pullOf } from '../../../src/door/gpio/safe-pull.js';

test.each([
  ['contact', 'high', 'up', 'a cut wire: the door is open'],
  ['contact', 'low', 'down', 'a cut wire: the door is open'],
  ['rex', 'low', 'up', 'a cut wire: nobody presses'],
  ['rex', 'high', 'down', 'a cut wire: nobody presses'],
  ['tamper', 'high', 'up', 'a cut wire: tampering'],
  ['tamper', 'low', 'down', 'a cut wire: tampering'],
  ['fire', 'high', 'up', 'a cut wire: fire'],
  ['fire', 'low', 'down', 'a cut wire: fire'],
] as const)('%s, active at %s: %s (%s)', (name, activeLevel, pull, _means) => {
  expect(pullOf(name, { activeLevel, pull: 'safe' }, true)).toBe(pull);
  expect(pullOf(name, { activeLevel, pull: 'safe' }, false)).toBe('as-is');
});

test('a pull that is configured is taken as it is', () => {
  for (const pull of ['as-is', 'up', 'down', 'none'] as const)
    expect(pullOf('fire', { activeLevel: 'high', pull }, true)).toBe(pull);
});
