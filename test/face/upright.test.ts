import { expect, test } from 'vitest';
import { TURNS, type Turn, turnFor } from '../../src/face/upright.js';

const tried = (...supports: number[]) => supports.map((support, i) => ({ turn: TURNS[i] as Turn, support }));

test.each<[string, number, number[], Turn | null]>([
  ['nothing anywhere: as it is', 0, [0, 0, 0], 0],
  ['most support as it is', 50, [10, 3, 0], 0],
  ['twice the support on its head', 20, [40, 0, 0], 180],
  ['support on one side alone', 0, [0, 9, 0], 90],
  ['support on the other side alone', 0, [0, 0, 30], 270],
  ['little support elsewhere is chance', 0, [7, 0, 0], 0],
  ['more support elsewhere, but less than twice as much: not sure', 20, [39, 0, 0], null],
  ['the same support both ways: as it is', 20, [20, 0, 0], 0],
])('%s', (_what, asItIs, supports, turn) => {
  expect(turnFor(asItIs, tried(...supports))).toBe(turn);
});
