import type { Picture } from '../kit/opencv/picture.js';
import { PictureDigests } from '../kit/opencv/picture-digest.js';
import type { Frame } from './frame.js';
import { faultOf, isRepeated, lookAgain, type PictureFault, type PictureLook } from './picture-fault.js';

/** The picture is divided into so many places, of which the brightest counts. */
const PLACES = { width: 32, height: 24 } as const;
/** So many pictures are remembered: a camera or driver that is stuck may go round its buffers, of which there are two to eight. */
export const REMEMBERED = 8;

/** Looks at the pictures of a live camera for what the camera itself does not report. */
export class PictureWatch {
  readonly #frozenMs: number;
  readonly #digests = new PictureDigests();
  /** Of the last pictures, no two of them the same. */
  #last: readonly string[] = [];
  #look: PictureLook | undefined;

  /** @param frozenMs how long this camera may repeat a picture */
  constructor(frozenMs: number) {
    this.#frozenMs = frozenMs;
  }

  /**
   * @param frame stays the caller's @param openings how often the camera has been opened
   * @returns whether it only `repeats` the last pictures, as those before it have for a while, and what is wrong with them
   */
  see(
    { picture, takenMs: atMs }: Pick<Frame, 'picture' | 'takenMs'>,
    openings: number,
  ): { readonly repeats: boolean; readonly fault: PictureFault | undefined } {
    const digest = this.#digests.of(picture);
    const repeats = this.#last.includes(digest);
    if (!repeats) this.#last = [...this.#last, digest].slice(-REMEMBERED);
    this.#look = lookAgain(this.#look, { atMs, openings, repeats, brightest: brightestOf(picture) }, this.#frozenMs);
    return { repeats: isRepeated(this.#look), fault: faultOf(this.#look) };
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
