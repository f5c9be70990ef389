declare const monotonic: unique symbol;
declare const wall: unique symbol;

/** Milliseconds of the monotonic clock: for durations only. Comparable within one boot of the machine. */
export type MonotonicMs = number & { readonly [monotonic]: true };

/** Milliseconds since 1970-01-01T00:00:00Z: for schedules, versions and audit. May jump. */
export type WallMs = number & { readonly [wall]: true };

/** Something armed by {@link Clock.after}; `cancel` is safe to call twice. */
export interface Timer {
  cancel(): void;
}

/** Port: the time. Product code outside adapters gets it in no other way. */
export interface Clock {
  monotonic(): MonotonicMs;
  wall(): WallMs;
  /** Calls `act` once, `ms` milliseconds from now (`ms` ≥ 0). */
  after(ms: number, act: () => void): Timer;
}

export const monotonicMs = (ms: number): MonotonicMs => ms as MonotonicMs;
export const wallMs = (ms: number): WallMs => ms as WallMs;

/** ISO 8601 UTC with milliseconds, as in every message and file. */
export const iso = (at: WallMs): string => new Date(at).toISOString();
