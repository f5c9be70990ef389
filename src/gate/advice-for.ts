// pure
import type { Reason } from '../access/reasons.js';
import type { Doubt } from '../liveness/doubt.js';
import type { Advice } from '../voice/phrases.js';

/**
 * What a person can do about a refusal; undefined where there is nothing to do.
 * @param isKnown whether it was seen who it is: then "ambiguous" means that another face here is more like them
 */
export function adviceFor(reason: Reason, isKnown: boolean): Advice | undefined {
  switch (reason) {
    case 'several-faces':
      return 'one-at-a-time';
    case 'ambiguous':
      return isKnown ? 'one-at-a-time' : 'look-here';
    case 'stale':
    case 'lockout':
      return 'try-again';
    case 'too-small':
      return 'come-nearer';
    case 'low-quality':
      return 'look-here';
    default:
      return undefined;
  }
}

const ADVICE_ABOUT: Readonly<Record<Doubt, Advice | undefined>> = {
  context: 'step-back',
  'cut-off': 'step-back',
  unclear: 'look-here',
  dark: 'more-light',
  noise: 'more-light',
  still: 'turn-head',
  unsure: 'more-light',
  fault: undefined,
  missing: undefined,
};

/** What a person can do about a doubt; undefined where only the operator can. */
export const adviceAbout = (doubt: Doubt): Advice | undefined => ADVICE_ABOUT[doubt];
