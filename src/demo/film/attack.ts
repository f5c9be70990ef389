// pure
import type { Affine } from '../../kit/opencv/picture.js';
import { sample, type Texture } from './mesh.js';
import { asPrint, asTelephone, blurred } from './second-capture.js';
import type { Sheet } from './sheet.js';
import type { Canvas } from './space.js';

/** A photo, and where the head is on it. */
interface Shown {
  readonly texture: Texture;
  /** From places of the head to pixels of the photo. */
  readonly toTexture: Affine;
}

/** The screen of a telephone, in heights of the face it shows. */
const SCREEN = { width: 1.46, height: 2.36 } as const;
/** A sheet without a rim reaches so many times beyond the frame. */
const BEYOND = 1.5;

/** A print so large that no rim of it is in the picture. @param tallest, least height of the face in the frame, pixels */
export function printSheet(shown: Shown, tallest: number, least: number, frame: Canvas, noise: Float32Array): Sheet {
  const [width, height] = [(frame.width / least) * BEYOND, (frame.height / least) * BEYOND];
  const cut = cutOut(shown, width, height, tallest);
  return { ...cut, texture: blurred(asPrint(cut.texture, noise)) };
}

/** A telephone with its rim. */
export function telephoneSheet(shown: Shown, tallest: number): Sheet {
  const cut = cutOut(shown, SCREEN.width, SCREEN.height, tallest);
  return { ...cut, texture: blurred(asTelephone(cut.texture)) };
}

/** The photo around the face, upright. Sizes in heights of the face. @param fine pixels a height of the face */
function cutOut({ texture, toTexture }: Shown, width: number, height: number, fine: number): Sheet {
  const [w, h] = [Math.round(width * fine), Math.round(height * fine)];
  const pixels = new Uint8Array(w * h * 3);
  const [a, b, c, d, e, f] = toTexture;
  for (let row = 0, at = 0; row < h; row++)
    for (let column = 0; column < w; column++, at += 3) {
      const [x, y] = [column / fine - width / 2, row / fine - height / 2];
      sample(texture, a * x + b * y + c, d * x + e * y + f, pixels, at);
    }
  return { texture: { pixels, width: w, height: h }, left: -width / 2, top: -height / 2, width, height };
}
