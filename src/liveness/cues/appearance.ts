// pure
import type { FaceLiveness } from '../../face/observation.js';
import type { Cue } from './cue.js';

/** A score from here on means alive, by itself. */
export const ALIVE_SCORE = 0.5;

/** Log odds of a score that is worth nothing, and of one that is worth a whole second a second. */
const LOG_ODDS = { nothing: 4.5, all: 7.5 } as const;
const WORTH_MIN = -1.5;

/**
 * What a score is worth, a second: its log odds, from 0 at 4.5 (0.989) to 1 at 7.5 (0.9994). Of the live stills of
 * liveness-dev 94 and 81 in 100 lie above these, of prints none, of replays one in 22 and none. A good phone screen may
 * score as high for a second: hence the seconds of `LivenessRule.aliveS`, too.
 */
export function worth(score: number): number {
  const logOdds = Math.log(score / (1 - score));
  // A score that is NaN or outside 0…1 speaks against a living face.
  if (Number.isNaN(logOdds)) return WORTH_MIN;
  return Math.min(1, Math.max(WORTH_MIN, (logOdds - LOG_ODDS.nothing) / (LOG_ODDS.all - LOG_ODDS.nothing)));
}

type Why = 'appearance' | 'missing' | Extract<FaceLiveness, { kind: 'unknown' }>['why'];

/**
 * Skin and surroundings look alive to the networks. Passes only in a frame that was scored as alive itself; remembers
 * what the networks said of the newest sample, undefined when they were not asked.
 */
export const appearance: Cue<Why, FaceLiveness | undefined> = {
  name: 'appearance',
  sum: { leastS: -1.5, mostS: 2.5, stepMaxS: 0.5, halfLifeS: 8 },
  start: undefined,
  read({ liveness }, _before, { spoofBelow }) {
    if (liveness?.kind !== 'scored') return { worth: undefined, memory: liveness };
    // NaN counts as a picture.
    return { worth: worth(liveness.live), memory: liveness, isPicture: !(liveness.live >= spoofBelow) };
  },
  passed: ({ sumS, memory }, { aliveS }) => memory?.kind === 'scored' && memory.live >= ALIVE_SCORE && sumS >= aliveS,
  whyNot(newest) {
    if (newest === undefined) return 'missing';
    return newest.kind === 'unknown' ? newest.why : 'appearance';
  },
  hints: {
    appearance: 'it is not yet sure that this is a living face: more light on the face helps',
    dark: 'the face is too dark to tell whether it is alive',
    noise: 'the picture is too noisy to tell whether the face is alive: more light helps',
    context: 'too little around the face is in the picture to tell whether it is alive: step back',
    fault: 'the liveness network gave no usable answer',
    missing: 'liveness was not measured',
  },
};
