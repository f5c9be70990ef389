// pure
import type { FaceLiveness } from '../face/observation.js';

/**
 * Outside these bounds the network lets pictures pass: noise of the sensor looks like skin to it, and so does a darkened
 * print (at a quarter of the light the noise estimate stays low, hence both). Measured on liveness-dev with added noise:
 * the estimate is 0.2–2.2 on clean faces, 3.0–4.3 at sd 5, from 5.8 on at sd 10, where prints begin to pass.
 */
export const APPEARANCE_BOUNDS = {
  /** Mean grey of the face, least. */
  brightness: 45,
  /** Estimated standard deviation of the pixel noise of the face at full resolution, most. */
  noise: 4,
  /** Sides of the face that the view must show, least. */
  context: 1.6,
  /** Share of the face's square that must lie inside the frame, least. */
  inside: 0.9,
} as const;

/** Why a face must not be scored; undefined when it may. */
export function whyNotScored(seen: {
  readonly brightness: number;
  readonly noise: number;
  readonly context: number;
  readonly inside: number;
}): Extract<FaceLiveness, { kind: 'unknown' }>['why'] | undefined {
  // Written so that NaN counts as outside.
  if (!(seen.context >= APPEARANCE_BOUNDS.context && seen.inside >= APPEARANCE_BOUNDS.inside)) return 'context';
  if (!(seen.brightness >= APPEARANCE_BOUNDS.brightness)) return 'dark';
  if (!(seen.noise <= APPEARANCE_BOUNDS.noise)) return 'noise';
  return undefined;
}
