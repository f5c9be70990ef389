// pure
import type { Box, FaceLiveness, Point } from '../face/observation.js';
import type { MonotonicMs } from '../kit/clock.js';
import { newestSolidity, rememberShape, type Shape, shapeOf } from './solidity.js';

/** What one frame shows of one face. */
export interface Look {
  readonly atMs: MonotonicMs;
  readonly box: Box;
  /** 68 points, pixels of the frame. */
  readonly landmarks: readonly Point[];
  /** Undefined: not measured. */
  readonly liveness: FaceLiveness | undefined;
}

/** What speaks for and against a living face over one track; both sums are in seconds of good looks. */
export interface Signs {
  readonly beganMs: MonotonicMs;
  readonly lastMs: MonotonicMs;
  /** Skin and surroundings look alive (the appearance networks). */
  readonly alive: number;
  /** The face moves as no flat picture does. */
  readonly solid: number;
  readonly shapes: readonly Shape[];
  /** The newest look had a score, and it meant alive. */
  readonly aliveNow: boolean;
  /** Why the newest look had no score. */
  readonly unknown: Extract<FaceLiveness, { kind: 'unknown' }>['why'] | 'missing' | undefined;
  /** Until then the track counts as a picture. */
  readonly spoofUntilMs: MonotonicMs | undefined;
}

export type Verdict =
  | { readonly kind: 'live' }
  | { readonly kind: 'spoof' }
  | {
      readonly kind: 'undecided';
      /** The cue that is missing, or why the newest look could not be scored. */
      readonly why: 'appearance' | 'motion' | 'dark' | 'noise' | 'context' | 'fault' | 'missing';
      /** No verdict came in time: refuse with what is known. */
      readonly timedOut: boolean;
    };

/** Limits, with what they were chosen by. All may be made stricter by configuration, none looser per site. */
export interface LivenessRule {
  /** Seconds of good looks that make a face alive. The best screen of liveness-dev gathers 0.96, its prints 0. */
  readonly aliveS: number;
  /** Seconds of movement that no flat picture makes. */
  readonly solidS: number;
  /** A score below this is clearly a picture; no live still of liveness-dev has one. */
  readonly spoofBelow: number;
  /** How long a track counts as a picture after a clear score. */
  readonly spoofMs: number;
  /** No verdict by then is a refusal. */
  readonly timeoutMs: number;
  /** Whether the motion cue is required; the demo, whose faces are stills, says aloud that it runs without. */
  readonly motion: boolean;
}

export const LIVENESS_RULE: LivenessRule = {
  aliveS: 1.2,
  solidS: 0.25,
  spoofBelow: 0.1,
  spoofMs: 5000,
  timeoutMs: 8000,
  motion: true,
};

/** A score from here on means alive, by itself. */
export const ALIVE_SCORE = 0.5;

/** One frame stands for at most so much time: what nobody looked at is no evidence, and one odd look shall not decide. */
const STEP_MAX_S = { alive: 0.5, solid: 0.2 } as const;
/** Longer unseen, and the evidence starts over. */
const GAP_MAX_MS = 1500;
/** Half of what was seen so long ago is forgotten. */
const HALF_LIFE_S = 8;
/** Sums stay within these: no past is so good, nor so bad, that it cannot be overcome. */
const BOUNDS = { alive: [-1.5, 2.5], solid: [-0.5, 1.5] } as const;

/** Log odds of a score that is worth nothing, and of one that is worth a whole second a second. */
const LOG_ODDS = { nothing: 4.5, all: 7.5 } as const;
const WORTH_MIN = -1.5;

/**
 * What a score is worth, a second: its log odds, from 0 at 4.5 (0.989) to 1 at 7.5 (0.9994). Of the live stills of
 * liveness-dev 94 and 81 in 100 lie above these, of prints none, of replays one in 22 and none. A good phone screen may
 * score as high for a second: hence the seconds of {@link LivenessRule.aliveS}, too.
 */
export function worth(score: number): number {
  const logOdds = Math.log(score / (1 - score));
  // NaN: a score that is none speaks against.
  if (Number.isNaN(logOdds)) return WORTH_MIN;
  return Math.min(1, Math.max(WORTH_MIN, (logOdds - LOG_ODDS.nothing) / (LOG_ODDS.all - LOG_ODDS.nothing)));
}

const within = ([low, high]: readonly [number, number], value: number) => Math.min(high, Math.max(low, value));

/**
 * Adds one look. A look that is not newer than the last, or at no time, changes nothing; after a gap everything starts
 * over. The better the scores and the more solid the movement, the better the sums: nothing else enters them.
 */
export function addLook(before: Signs | undefined, look: Look, rule: LivenessRule = LIVENESS_RULE): Signs | undefined {
  const { atMs, liveness } = look;
  if (!Number.isFinite(atMs)) return before;
  if (before && !(atMs > before.lastMs)) return before;
  const known = before && atMs - before.lastMs <= GAP_MAX_MS ? before : undefined;
  const passedS = known ? (atMs - known.lastMs) / 1000 : 0;
  const kept = 0.5 ** (passedS / HALF_LIFE_S);
  const score = liveness?.kind === 'scored' ? liveness.live : undefined;
  const spoof = score !== undefined && !(score >= rule.spoofBelow);
  const shape = shapeOf(look.landmarks, look.box, atMs);
  const solid = shape && known ? newestSolidity(known.shapes, shape) : undefined;
  const alive =
    (known?.alive ?? 0) * kept + (score === undefined ? 0 : worth(score) * Math.min(STEP_MAX_S.alive, passedS));
  return {
    beganMs: known?.beganMs ?? atMs,
    lastMs: atMs,
    alive: spoof ? BOUNDS.alive[0] : within(BOUNDS.alive, alive),
    solid: within(BOUNDS.solid, (known?.solid ?? 0) * kept + (solid ?? 0) * Math.min(STEP_MAX_S.solid, passedS)),
    shapes: shape ? rememberShape(known?.shapes ?? [], shape) : (known?.shapes ?? []),
    aliveNow: score !== undefined && score >= ALIVE_SCORE,
    unknown: liveness === undefined ? 'missing' : liveness.kind === 'unknown' ? liveness.why : undefined,
    // A gap forgets what speaks for a face, never what speaks against it.
    spoofUntilMs: spoof ? ((atMs + rule.spoofMs) as MonotonicMs) : before?.spoofUntilMs,
  };
}

/** The verdict on a track as of its newest look. Both cues are required; an undecided one is no pass. */
export function verdictOf(signs: Signs | undefined, rule: LivenessRule = LIVENESS_RULE): Verdict {
  if (!signs) return { kind: 'undecided', why: 'missing', timedOut: false };
  if (signs.spoofUntilMs !== undefined && signs.lastMs < signs.spoofUntilMs) return { kind: 'spoof' };
  const alive = signs.aliveNow && signs.alive >= rule.aliveS;
  const solid = !rule.motion || signs.solid >= rule.solidS;
  if (alive && solid) return { kind: 'live' };
  const timedOut = signs.lastMs - signs.beganMs >= rule.timeoutMs;
  return { kind: 'undecided', why: signs.unknown ?? (alive ? 'motion' : 'appearance'), timedOut };
}
