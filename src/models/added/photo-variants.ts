import { decodePhoto, encodeJpeg } from '../../kit/opencv/codec.js';
import { type Affine, Picture } from '../../kit/opencv/picture.js';
import type { Variant } from './trial-protocol.js';

/** A changed photo, and where its points went. */
export interface ChangedPhoto {
  readonly picture: Picture;
  readonly map: Affine;
}

const SAME: Affine = [1, 0, 0, 0, 1, 0];
const TURN_DEGREES = 6;
const SMALL = 0.6;
const JPEG_QUALITY = 35;

/** Makes a changed copy of a BGR picture, which stays the caller's. */
export const VARIANTS_OF: Readonly<Record<Variant, (photo: Picture) => Promise<ChangedPhoto> | ChangedPhoto>> = {
  again: (photo) => ({ picture: photo.bgr(), map: SAME }),
  shifted: (photo) => warped(photo, [1, 0, 3, 0, 1, 2]),
  dark: (photo) => ({ picture: lit(photo, (value) => value * 0.55), map: SAME }),
  bright: (photo) => ({ picture: lit(photo, (value) => value * 1.25 + 15), map: SAME }),
  jpeg: async (photo) => ({ picture: (await decodePhoto(encodeJpeg(photo, JPEG_QUALITY))).picture, map: SAME }),
  turned: (photo) => warped(photo, turnAbout(photo.width / 2, photo.height / 2)),
  small: (photo) => ({
    picture: photo.resize(Math.round(photo.width * SMALL), Math.round(photo.height * SMALL)),
    map: [SMALL, 0, 0, 0, SMALL, 0],
  }),
  mirrored: (photo) => ({ picture: photo.mirror(), map: [-1, 0, photo.width - 1, 0, 1, 0] }),
};

const warped = (photo: Picture, map: Affine): ChangedPhoto => ({
  picture: photo.warp(map, photo.width, photo.height),
  map,
});

function turnAbout(x: number, y: number): Affine {
  const [cos, sin] = [Math.cos((TURN_DEGREES * Math.PI) / 180), Math.sin((TURN_DEGREES * Math.PI) / 180)];
  return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y];
}

function lit(photo: Picture, change: (value: number) => number): Picture {
  const table = Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, Math.max(0, Math.round(change(value)))));
  const bytes = photo.bytes();
  for (let i = 0; i < bytes.length; i++) bytes[i] = table[bytes[i] as number] as number;
  return Picture.fromBytes(bytes, photo.width, photo.height, 3);
}
