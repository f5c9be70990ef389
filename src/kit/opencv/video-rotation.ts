// pure
/** How a video must be turned for display, degrees clockwise. */
export type Rotation = 0 | 90 | 180 | 270;

/** After so many boxes the search ends. */
const BOXES_MAX = 10_000;

/**
 * Reads the display rotation of an MP4 or MOV file (ISO 14496-12: moov/trak/tkhd, the first track with a picture). 0 for
 * other files. OpenCV is not asked, because its answer depends on its version: 4.6 turns phone videos upside down.
 */
export function videoRotation(bytes: Uint8Array): Rotation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let walked = 0;
  const search = (start: number, end: number): Rotation | undefined => {
    for (let at = start; at + 8 <= end && walked < BOXES_MAX; walked++) {
      const short = view.getUint32(at);
      const long = short === 1 && at + 16 <= end;
      const size = long ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short;
      const head = long ? 16 : 8;
      if (size < head || at + size > end) return undefined;
      const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      const found =
        kind === 'moov' || kind === 'trak'
          ? search(at + head, at + size)
          : kind === 'tkhd'
            ? trackRotation(view, at + head, at + size)
            : undefined;
      if (found !== undefined) return found;
      at += size;
    }
    return undefined;
  };
  return search(0, bytes.length) ?? 0;
}

/** From a track header; undefined for a track without a picture. */
function trackRotation(view: DataView, at: number, end: number): Rotation | undefined {
  // Version 1 has 64-bit times.
  const matrix = at + (view.getUint8(at) === 1 ? 52 : 40);
  if (matrix + 44 > end) return undefined;
  const [width, height] = [view.getUint32(matrix + 36), view.getUint32(matrix + 40)];
  if (width === 0 || height === 0) return undefined;
  const [a, b] = [view.getInt32(matrix), view.getInt32(matrix + 4)];
  if (a === 0) return b > 0 ? 90 : b < 0 ? 270 : 0;
  return a < 0 ? 180 : 0;
}
