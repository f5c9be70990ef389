// pure
import type { Cue } from './cue.js';

/** A sample that is no number speaks against a living face this much. */
const BROKEN = -6;
/** No sample says more than this, whatever the networks are. */
const MOST = 6;

/** What skin and surroundings look like to the networks: their log-likelihood ratio. Unscored samples say nothing. */
export const appearance: Cue<null> = {
  name: 'appearance',
  correlation: 0.6,
  lacking: undefined,
  start: null,
  read({ liveness }) {
    if (liveness?.kind !== 'scored') return { llr: undefined, memory: null };
    const { llr } = liveness;
    return { llr: Number.isNaN(llr) ? BROKEN : Math.min(MOST, Math.max(BROKEN, llr)), memory: null };
  },
};
