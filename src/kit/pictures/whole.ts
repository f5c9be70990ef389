// pure
import { crc32 } from 'node:zlib';
import type { JpegWalk } from './jpeg.js';
import { webpChunks } from './webp.js';

/** Formats of photos that are taken. */
export type PictureKind = 'jpeg' | 'png' | 'webp';

const cut = (format: string) => `its ${format} data is cut off: copy or send the whole file again`;

/**
 * Why a picture is not whole, or undefined when nothing is missing. Decoders fill what is missing with grey and say nothing: a face cut
 * off below the eyes would be enrolled.
 */
export function whyNotWhole(
  bytes: Uint8Array,
  { kind, walk }: { readonly kind: PictureKind; readonly walk: JpegWalk | undefined },
): string | undefined {
  switch (kind) {
    case 'jpeg':
      return walk ? jpegFault(walk) : cut('JPEG');
    case 'png':
      return pngFault(bytes);
    case 'webp':
      return webpChunks(bytes) ? undefined : cut('WebP');
  }
}

function jpegFault({ ended, lastScan, complete, arithmetic }: JpegWalk): string | undefined {
  if (arithmetic) return 'it is a JPEG of a rare kind (arithmetic coding): save it again as an ordinary JPEG';
  return ended && lastScan && complete ? undefined : cut('JPEG');
}

/** Walks over the chunks (ISO 15948, 5.3) and compares the checksum of each. */
function pngFault(bytes: Uint8Array): string | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let pictures = 0;
  for (let at = 8; at + 12 <= data.length; ) {
    const size = data.readUInt32BE(at);
    const end = at + 12 + size;
    if (end > data.length) return cut('PNG');
    const type = data.toString('latin1', at + 4, at + 8);
    if (crc32(data.subarray(at + 4, end - 4)) !== data.readUInt32BE(end - 4))
      return `its PNG data is damaged (checksum of a part ${/^[A-Za-z]{4}$/.test(type) ? type : 'without a name'}): copy or send the file again`;
    if (type === 'IDAT') pictures += 1;
    if (type === 'IEND') return pictures > 0 ? undefined : cut('PNG');
    at = end;
  }
  return cut('PNG');
}
