// pure
import type { FaceLiveness } from '../face/observation.js';
import type { FaceConditions } from './appearance-evidence.js';

/**
 * From here on a picture is hard to judge, and people are told what would help. Measured on liveness-dev with added noise:
 * the estimate is 0.2–2.2 on clean faces, 3.0–4.3 at sd 5, from 5.8 on at sd 10.
 */
const DOUBT = {
  /** Mean grey of the face, least. */
  brightness: 45,
  /** Estimated standard deviation of the pixel noise, most. */
  noise: 4,
  /** Sides of the face that the widest look must show, least. */
  context: 1.6,
} as const;

/** Share of the face's square that must lie inside the frame. */
export const INSIDE_MIN = 0.9;

/** What makes the picture of a face hard to judge; undefined when nothing does. NaN counts as hard. */
export function doubtOf({
  brightness,
  noise,
  context,
}: FaceConditions): Extract<FaceLiveness, { kind: 'scored' }>['doubt'] {
  if (!(context >= DOUBT.context)) return 'context';
  if (!(brightness >= DOUBT.brightness)) return 'dark';
  return noise <= DOUBT.noise ? undefined : 'noise';
}
