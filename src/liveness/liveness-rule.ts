// pure

/** What a verdict may cost, and how long it may take. */
export interface LivenessRule {
  /** Share of attacks that may be taken for living faces, 0…1 (IAPAR, as far as liveness alone decides). */
  readonly iapar: number;
  /** Share of living faces that may be taken for pictures, 0…1 (BPCER). */
  readonly bpcer: number;
  /** How long a track counts as a picture after it was one. */
  readonly lockoutMs: number;
  /** A track without a verdict after this time is refused. */
  readonly timeoutMs: number;
}

export const LIVENESS_RULE: LivenessRule = { iapar: 0.01, bpcer: 0.05, lockoutMs: 5000, timeoutMs: 8000 };

/** Evidence from which on a face counts as alive, and down from which it counts as a picture. */
export interface EvidenceLimits {
  readonly alive: number;
  readonly picture: number;
}

/**
 * The limits of a sequential test with the two error rates: ln((1 − β)/α) and ln(β/(1 − α)), α = IAPAR, β = BPCER
 * (Wald, "Sequential tests of statistical hypotheses", 1945). They hold as far as the evidence is what it says.
 */
export const limitsOf = ({ iapar, bpcer }: Pick<LivenessRule, 'iapar' | 'bpcer'>): EvidenceLimits => ({
  alive: Math.log((1 - bpcer) / iapar),
  picture: Math.log(bpcer / (1 - iapar)),
});
