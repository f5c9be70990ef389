// pure

/** Limits, with what they were chosen by. All may be made stricter by configuration, none looser per site. */
export interface LivenessRule {
  /** Seconds of good samples that make a face alive. The best screen of liveness-dev gathers 0.96, its prints 0. */
  readonly aliveS: number;
  /** Seconds of movement that no flat picture makes. */
  readonly solidS: number;
  /** A score below this is clearly a picture; no live still of liveness-dev has one. */
  readonly spoofBelow: number;
  /** How long a track counts as a picture after a clear score. */
  readonly spoofMs: number;
  /** A track without a verdict after this time is refused. */
  readonly timeoutMs: number;
  /** Whether the motion cue is required. The demo shows still faces, so it runs without and says so. */
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
