// pure
import { newestSolidity, rememberShape, type Shape, shapeOf } from '../solidity.js';
import type { Cue } from './cue.js';

/**
 * What a solidity is worth (1: as solid as a face, 0: the limit to flat, −0.5 at least). A picture that is moved about moves
 * flatly, and a person seldom does, so flat movement says much against a living face; solid movement says little for one,
 * because a screen shows it, too. Of the takes of spoof-train and liveness-dev with three such samples or more, the mean was
 * below −0.25 for 12 of 13 screens held by hand (Replay-Attack), 2 of 3 prints, 1 of 16 other screens and 1 of 24 living people
 * (counted by a script outside the repository).
 */
const worth = (solidity: number): number => (solidity < 0 ? 3 : 0.3) * solidity;

/** How the face moves, as a solid one does or as a flat picture. Remembers its shapes of the last second or so. */
export const motion: Cue<readonly Shape[]> = {
  name: 'motion',
  correlation: 0.25,
  lacking: 'still',
  start: [],
  read({ landmarks, box, atMs }, shapes) {
    const newest = shapeOf(landmarks, box, atMs);
    if (!newest) return { llr: undefined, memory: shapes };
    const solidity = newestSolidity(shapes, newest);
    return { llr: solidity === undefined ? undefined : worth(solidity), memory: rememberShape(shapes, newest) };
  },
};
