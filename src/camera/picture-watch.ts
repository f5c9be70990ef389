import type { Picture } from '../kit/opencv/picture.js';
import type { Frame } from './frame.js';
import { faultOf, lookAgain, type PictureFault, type PictureLook } from './picture-fault.js';

/** The picture is divided into so many places, of which the brightest counts. */
const PLACES = { width: 32, height: 24 } as const;

/** Looks at the pictures of a live camera for faults that the camera itself does not report. */
export class PictureWatch {
  readonly #frozenMs: number;
  #look: PictureLook | undefined;

  /** @param frozenMs how long this camera may repeat a picture */
  constructor(frozenMs: number) {
    this.#frozenMs = frozenMs;
  }

  /** @param frame stays the caller's @param before the picture of the frame before it, if there was one */
  see({ picture, takenMs }: Pick<Frame, 'picture' | 'takenMs'>, before: Picture | undefined): PictureFault | undefined {
    this.#look = lookAgain(this.#look, {
      atMs: takenMs,
      repeats: before?.equals(picture) ?? false,
      brightest: brightestOf(picture),
    });
    return faultOf(this.#look, takenMs, this.#frozenMs);
  }
}

function brightestOf(picture: Picture): number {
  const small = picture.resize(PLACES.width, PLACES.height, 'area');
  try {
    return small.bytes().reduce((most, value) => Math.max(most, value), 0);
  } finally {
    small.release();
  }
}
