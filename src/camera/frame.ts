import type { MonotonicMs } from '../kit/clock.js';
import type { Picture } from '../kit/opencv/picture.js';

/** One picture of the camera. The code that holds it must release it. */
export interface Frame {
  /** BGR. */
  readonly picture: Picture;
  /** When it arrived. */
  readonly takenMs: MonotonicMs;
  /** Counts frames of the source from 0, dropped ones included. */
  readonly index: number;
}

/** Port: an open camera. */
export interface Camera {
  /**
   * A live camera is read all the time and old frames are dropped (the newest wins). A recording waits until each frame
   * is taken and loses none.
   */
  readonly live: boolean;
  /** The next frame; undefined when the source has ended. May take as long as the device likes. @throws on a fault. */
  read(): Promise<Frame | undefined>;
  /** Frees the device; a read under way may still finish, its frame is released. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens the configured camera anew. @throws with a sentence when it cannot be opened. */
export type OpenCamera = () => Promise<Camera>;
