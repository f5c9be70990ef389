// pure
import type { MonotonicMs } from '../kit/clock.js';
import { pauseMs, type RetryPlan } from '../kit/retry.js';

/** When the gate gives up on an eye, and how long it waits before the next one. */
export interface SupervisionPlan {
  /** No message at all for so long after the first: hung. */
  readonly hangMs: number;
  /** At work on one picture for so long: hung inside native code, although signs of life still come. */
  readonly busyMs: number;
  /** What an answer may take: a picture may be in work when it is asked for, and is given up after `busyMs`. */
  readonly answerMs: number;
  /** Time for loading native code and models. */
  readonly startMs: number;
  /** More messages than this within a second: flooding. An empty replay at full speed reaches some 320. */
  readonly messagesPerSecondMax: number;
  /** More measured faces than this within a second: flooding, for each is compared with all people. No machine measures half as many. */
  readonly facesPerSecondMax: number;
  readonly retry: RetryPlan;
  /** An eye that ran for this long was well: the next pause is the shortest again. */
  readonly wellMs: number;
}

/** What is known of the eye that runs now. */
export interface EyeLife {
  readonly startedMs: MonotonicMs;
  readonly lastMessageMs: MonotonicMs | undefined;
  /** The current one-second window and what arrived in it. */
  readonly windowMs: MonotonicMs;
  readonly inWindow: number;
  readonly facesInWindow: number;
  /** How long the picture at hand has been worked on, by the last sign of life. */
  readonly busyMs: number;
}

export const newLife = (now: MonotonicMs): EyeLife => ({
  startedMs: now,
  lastMessageMs: undefined,
  windowMs: now,
  inWindow: 0,
  facesInWindow: 0,
  busyMs: 0,
});

/** Notes a message of the eye. @param busyMs from a sign of life; other messages leave it as it was @param faces in it */
export function noteMessage(life: EyeLife, now: MonotonicMs, busyMs = life.busyMs, faces = 0): EyeLife {
  const sameWindow = now - life.windowMs < 1000;
  return {
    startedMs: life.startedMs,
    lastMessageMs: now,
    windowMs: sameWindow ? life.windowMs : now,
    inWindow: sameWindow ? life.inWindow + 1 : 1,
    facesInWindow: sameWindow ? life.facesInWindow + faces : faces,
    busyMs,
  };
}

/** Why the eye must be killed now, or undefined while it may go on. */
export function whyKill(life: EyeLife, plan: SupervisionPlan, now: MonotonicMs): string | undefined {
  if (life.inWindow > plan.messagesPerSecondMax)
    return `it sent more than ${plan.messagesPerSecondMax} messages within a second`;
  if (life.facesInWindow > plan.facesPerSecondMax)
    return `it sent more than ${plan.facesPerSecondMax} faces within a second`;
  if (life.busyMs > plan.busyMs) return `it has been at one picture for ${(life.busyMs / 1000).toFixed(0)} s`;
  if (life.lastMessageMs === undefined)
    return now - life.startedMs > plan.startMs ? `it was not ready after ${plan.startMs / 1000} s` : undefined;
  return now - life.lastMessageMs > plan.hangMs ? `it gave no sign of life for ${plan.hangMs / 1000} s` : undefined;
}

/** Both processes read the same clock; what was sent is a little older than the moment in which it arrives. */
const AHEAD_MS = 100;

/** Why an observation cannot be true, or undefined: a frame from the future would stay fresh for ever. */
export const whyImpossible = (
  { takenMs, measuredMs }: { readonly takenMs: number; readonly measuredMs: number },
  now: MonotonicMs,
): string | undefined =>
  takenMs > measuredMs || measuredMs > now + AHEAD_MS ? 'it sent a frame of another time than now' : undefined;

/** The pause before the next eye and the number of failures in a row that it rests on. */
export function afterDeath(
  life: EyeLife,
  failures: number,
  plan: SupervisionPlan,
  now: MonotonicMs,
  random: number,
): { readonly failures: number; readonly waitMs: number } {
  const before = now - life.startedMs >= plan.wellMs ? 0 : failures;
  return { failures: before + 1, waitMs: pauseMs(plan.retry, before, random) };
}

/** The plan for section `eye` of the configuration. */
export const supervisionPlan = (eye: {
  readonly hangMs: number;
  readonly busyMs: number;
  readonly startMs: number;
  readonly restart: { readonly firstMs: number; readonly maxMs: number };
}): SupervisionPlan => ({
  hangMs: eye.hangMs,
  busyMs: eye.busyMs,
  answerMs: 2 * eye.busyMs,
  startMs: eye.startMs,
  messagesPerSecondMax: 1000,
  facesPerSecondMax: 200,
  retry: { ...eye.restart, factor: 2, jitter: 0.2 },
  wellMs: 60_000,
});
