import type { Box, MeasuredFace } from '../face/observation.js';
import type { Person } from '../person/person.js';

/** What the gate decided on one person in front of it. */
export interface Decision {
  readonly type: 'granted' | 'refused';
  readonly reason: string | null;
  /** One sentence, without a name. */
  readonly text: string;
  readonly person: Person | undefined;
  /** Squared distance to the nearest template; null where nothing was compared. */
  readonly distance: number | null;
  readonly threshold: number;
  readonly track: number;
  /** Number of the camera's frame. */
  readonly frame: number;
  /** Milliseconds since this person was first seen; null for a refusal. */
  readonly afterMs: number | null;
  readonly face: MeasuredFace | undefined;
}

/** A picture or a screen was held to the camera. */
export interface Spoof {
  readonly track: number;
  readonly frame: number;
  readonly box: Box;
  /** Whom it shows, where that could be seen and they are enrolled. */
  readonly person: Person | undefined;
}
