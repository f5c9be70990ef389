import { createHash } from 'node:crypto';
import { clampRegion, type Picture } from '../kit/opencv/picture.js';
import type { Frame } from './frame.js';
import { faultOf, lookAgain, type PictureFault, type PictureLook } from './picture-fault.js';

/** The middle of the picture is compared bit by bit: the whole of a large one would cost as much as measuring it. */
const MIDDLE = { width: 320, height: 240 } as const;
/** The picture is divided into so many places, of which the brightest counts. */
const PLACES = { width: 32, height: 24 } as const;

/** Looks at the pictures of a live camera for faults that the camera itself does not report. */
export class PictureWatch {
  #look: PictureLook | undefined;
  #middle = '';

  /** @param frame stays the caller's */
  see({ picture, takenMs }: Pick<Frame, 'picture' | 'takenMs'>): PictureFault | undefined {
    const middle = digestOfMiddle(picture);
    this.#look = lookAgain(this.#look, {
      atMs: takenMs,
      repeats: middle === this.#middle,
      brightest: brightestOf(picture),
    });
    this.#middle = middle;
    return faultOf(this.#look, takenMs);
  }
}

function digestOfMiddle(picture: Picture): string {
  const [x, y] = [(picture.width - MIDDLE.width) / 2, (picture.height - MIDDLE.height) / 2];
  const middle = picture.crop(clampRegion({ x, y, ...MIDDLE }, picture.width, picture.height) ?? picture.fullRegion);
  try {
    return createHash('sha1').update(middle.bytes()).digest('base64');
  } finally {
    middle.release();
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
