// pure
import type { Cue } from './cue.js';

/** Around this likeness the scene says nothing… */
const EVEN = 0.7;
/** …and so much for each unit more or less, within bounds: one who hides the scene is rarely a person, one who does not may be a small picture. */
const SLOPE = 6;
const LEAST = -2;
const MOST = 0.5;

/**
 * How much of the scene that the camera has learnt is seen around the face (`scene/`). On Replay-Attack, where the attacks show
 * pictures of the very room, the camera was moved between the sessions and the scene is learnt from other people's takes, it
 * tells living faces from prints and screens with the areas of docs/security-model.md.
 */
export const scene: Cue<null> = {
  name: 'scene',
  // The scene does not change between two frames.
  correlation: 0.9,
  lacking: undefined,
  start: null,
  read({ scene: seen }) {
    if (!seen) return { llr: undefined, memory: null };
    const llr = (seen.match - EVEN) * SLOPE;
    return { llr: Number.isNaN(llr) ? undefined : Math.min(MOST, Math.max(LEAST, llr)), memory: null };
  },
};
