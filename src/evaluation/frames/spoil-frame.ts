import { decodePhoto, encodeJpeg } from '../../kit/opencv/codec.js';
import { Picture } from '../../kit/opencv/picture.js';
import { type Alteration, alteration } from './alteration.js';

/** Spoils a frame: takes it, and gives another in its place or the same. @param random chooses the noise, uniform in [0, 1) */
export type SpoilFrame = (frame: Picture, random: () => number) => Promise<Picture>;

/** What spoils frames so: smaller first, then darker, noisier, and through a JPEG last. @param random fills the table of noise, once */
export function spoilFrame(change: Alteration, random: () => number): SpoilFrame {
  const { dim, noise, scale, jpeg } = change;
  const alter = noise > 0 || dim !== 1 ? alteration(change, random) : undefined;
  return async (frame, place) => {
    let spoiled = scale === 1 ? frame : instead(frame, scaled(frame, scale));
    if (alter) spoiled = instead(spoiled, fromBytes(alter(spoiled.bytes(), place), spoiled));
    if (jpeg !== null) spoiled = instead(spoiled, (await decodePhoto(encodeJpeg(spoiled, jpeg))).picture);
    return spoiled;
  };
}

const scaled = (frame: Picture, scale: number): Picture =>
  frame.resize(Math.max(1, Math.round(frame.width * scale)), Math.max(1, Math.round(frame.height * scale)));

const fromBytes = (bytes: Buffer, { width, height, channels }: Picture): Picture =>
  Picture.fromBytes(bytes, width, height, channels);

function instead(before: Picture, after: Picture): Picture {
  before.release();
  return after;
}
