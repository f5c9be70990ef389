// pure
import { newestSolidity, rememberShape, type Shape, shapeOf } from '../solidity.js';
import type { Cue } from './cue.js';

/** The face moves as no flat picture does. Remembers its shapes of the last second or so. */
export const motion: Cue<'motion', readonly Shape[]> = {
  name: 'motion',
  sum: { leastS: -0.5, mostS: 1.5, stepMaxS: 0.2, halfLifeS: 8 },
  start: [],
  read({ landmarks, box, atMs }, shapes) {
    const newest = shapeOf(landmarks, box, atMs);
    if (!newest) return { worth: undefined, memory: shapes };
    return { worth: newestSolidity(shapes, newest), memory: rememberShape(shapes, newest) };
  },
  passed: ({ sumS }, rule) => !rule.motion || sumS >= rule.solidS,
  whyNot: () => 'motion',
  hints: { motion: 'the face has not yet moved as a solid one does: turn the head a little' },
};
