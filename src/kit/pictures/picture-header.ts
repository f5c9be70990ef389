// pure
import { isFrameHeader, JPEG_SCANS_MAX, type JpegWalk, walkJpeg } from './jpeg.js';
import { whyNotTaken } from './other-format.js';
import { isWebp, readWebp } from './webp.js';
import type { PictureKind } from './whole.js';

/** What the first bytes of a file claim; nothing is decoded. */
export type PictureHeader =
  | { readonly kind: PictureKind; readonly width: number; readonly height: number }
  | { readonly kind: 'unknown'; readonly why: string };

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** After so many segments without a frame header the search in a JPEG ends. */
const SEGMENTS_MAX = 512;

/** The format that the first bytes claim; undefined where it is none that is taken. */
export function pictureKind(bytes: Uint8Array): PictureKind | undefined {
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return 'png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpeg';
  return isWebp(bytes) ? 'webp' : undefined;
}

/** Reads format and size of a JPEG (ITU-T T.81 B.2.2), PNG (ISO 15948 11.2.2) or WebP without decoding it. */
export function readPictureHeader(bytes: Uint8Array): PictureHeader {
  if (bytes.length === 0) return { kind: 'unknown', why: 'it is empty' };
  const kind = pictureKind(bytes);
  if (!kind) return { kind: 'unknown', why: whyNotTaken(bytes) };
  if (kind === 'png') return readPng(bytes);
  if (kind === 'jpeg') return readJpeg(bytes);
  const head = readWebp(bytes);
  return 'why' in head ? { kind: 'unknown', why: head.why } : { kind: 'webp', ...head };
}

function readPng(bytes: Uint8Array): PictureHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isIhdr = bytes.length >= 33 && view.getUint32(8) === 13 && view.getUint32(12) === 0x49484452;
  if (!isIhdr) return { kind: 'unknown', why: 'its PNG header is cut or broken' };
  return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

const CUT_HEADER = 'its JPEG header is cut off: copy or send the whole file again';

function readJpeg(bytes: Uint8Array): PictureHeader {
  let at = 2;
  for (let n = 0; n < SEGMENTS_MAX; n++) {
    if (at + 3 >= bytes.length) return { kind: 'unknown', why: CUT_HEADER };
    if (bytes[at] !== 0xff) return { kind: 'unknown', why: 'its JPEG segments are broken' };
    const marker = bytes[at + 1] ?? 0;
    // The decoder does not take FF 00 for a segment with a length: what would be skipped here may hide a frame header.
    if (marker === 0x00) return { kind: 'unknown', why: 'its JPEG segments are broken' };
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (marker === 0xd9 || marker === 0xda || length < 2) break;
    if (isFrameHeader(marker)) {
      if (at + 8 >= bytes.length) return { kind: 'unknown', why: CUT_HEADER };
      const height = ((bytes[at + 5] ?? 0) << 8) | (bytes[at + 6] ?? 0);
      const width = ((bytes[at + 7] ?? 0) << 8) | (bytes[at + 8] ?? 0);
      return { kind: 'jpeg', width, height };
    }
    at += 2 + length;
  }
  return { kind: 'unknown', why: 'it is a JPEG without a picture size' };
}

export const JPEG_SCANNED_PIXELS_MAX = 600_000_000;

/** Limits of a photo from outside. 60 megapixels covers today's phones; a JPEG is decoded at reduced size anyway. */
export const PHOTO_BYTES_MAX = 16 * 1024 * 1024;
export const PHOTO_PIXELS_MAX = 60_000_000;
export const PHOTO_SIDE_MIN = 24;

/** A picture that may reach the decoder; `walk` of a JPEG, so that nobody walks over it again. */
export interface DecodablePicture {
  readonly kind: PictureKind;
  readonly width: number;
  readonly height: number;
  readonly walk: JpegWalk | undefined;
}

/**
 * Looks at a photo before it reaches the decoder, which aborts the process on an empty buffer and on a header that claims more than 2^30 pixels.
 * @returns why it must not
 */
export function examinePicture(bytes: Uint8Array): DecodablePicture | { readonly why: string } {
  if (bytes.length > PHOTO_BYTES_MAX)
    return { why: `it has ${bytes.length} bytes, at most ${PHOTO_BYTES_MAX} (16 MiB) are allowed` };
  const header = readPictureHeader(bytes);
  if (header.kind === 'unknown') return { why: header.why };
  const { kind, width, height } = header;
  if (width < PHOTO_SIDE_MIN || height < PHOTO_SIDE_MIN)
    return { why: `it is ${width}×${height} pixels, at least ${PHOTO_SIDE_MIN}×${PHOTO_SIDE_MIN} are needed` };
  if (width * height > PHOTO_PIXELS_MAX || width > 16_384 || height > 16_384)
    return { why: `its header claims ${width}×${height} pixels, at most 60 megapixels and 16384 a side are allowed` };
  const walk = kind === 'jpeg' ? walkJpeg(bytes) : undefined;
  const scans = walk?.scans ?? 0;
  if (scans > JPEG_SCANS_MAX || scans * width * height > JPEG_SCANNED_PIXELS_MAX)
    return {
      why: `it is a JPEG of ${scans > JPEG_SCANS_MAX ? `more than ${JPEG_SCANS_MAX}` : scans} scans over ${width}×${height} pixels: save it again as an ordinary JPEG`,
    };
  return { kind, width, height, walk };
}

/** Why a photo must not reach the decoder, or undefined when it may: {@link examinePicture}. */
export function whyNotDecodable(bytes: Uint8Array): string | undefined {
  const found = examinePicture(bytes);
  return 'why' in found ? found.why : undefined;
}
