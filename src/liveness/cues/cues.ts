// pure
import { appearance } from './appearance.js';
import type { Cue } from './cue.js';
import { motion } from './motion.js';

/** All cues. The first that has not passed says what is missing. */
const LIST = [appearance, motion] as const;

/** What may be missing; `kaimon evaluate liveness` prints these words. */
export type MissingCue = WhyOf<(typeof LIST)[number]>;
type WhyOf<C> = C extends Cue<infer Why, infer _> ? Why : never;

/** Without the hints: each cue has a sentence for its own words only, and {@link hintOf} for all. */
export const CUES: readonly Omit<Cue<MissingCue>, 'hints'>[] = LIST;

const HINTS: Readonly<Record<MissingCue, string>> = Object.assign({}, ...LIST.map(({ hints }) => hints));

/** The sentence for people: what helps, or why nothing does. */
export const hintOf = (missing: MissingCue): string => HINTS[missing];
