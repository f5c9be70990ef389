/** How long to wait between tries: pauses that grow up to a limit, with a random part. */
export interface RetryPlan {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the pause that is random, 0…1: gates that lost the same broker must not all return at once. */
  readonly jitter: number;
}

/** For what this machine itself refuses and may give soon: a disk, a line that another program has. Once a minute in the end, for ever. */
export const LOCAL_RETRY: RetryPlan = { firstMs: 1000, factor: 2, maxMs: 60_000, jitter: 0 };

/**
 * The pause before try `attempt` (0 = the first repetition).
 * @param random uniform in [0, 1).
 * @returns milliseconds in [0, maxMs].
 */
export function pauseMs(plan: RetryPlan, attempt: number, random: number): number {
  const grown = Math.min(plan.maxMs, plan.firstMs * plan.factor ** Math.min(attempt, 64));
  return Math.round(grown * (1 - plan.jitter * random));
}
