// pure
/** A part of a WebP file: four letters and its bytes. */
interface Chunk {
  readonly type: string;
  readonly body: Buffer;
}

/** What a WebP's head says, or why it is none that can be used. */
export type WebpHead = { readonly width: number; readonly height: number } | { readonly why: string };

const ANIMATED = 0x02;
/** A picture has some ten chunks; more are a mistake. */
const CHUNKS_MAX = 1000;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether the file begins as a WebP does. */
export const isWebp = (bytes: Uint8Array): boolean =>
  bytes.length >= 12 &&
  bufferOf(bytes).toString('latin1', 0, 4) === 'RIFF' &&
  bufferOf(bytes).toString('latin1', 8, 12) === 'WEBP';

/** The size that the first chunk claims (RFC 9649, 2.5–2.7 and 3.4). */
export function readWebp(bytes: Uint8Array): WebpHead {
  const data = bufferOf(bytes);
  const broken = { why: 'its WebP header is cut or broken' };
  if (data.length < 30) return broken;
  const type = data.toString('latin1', 12, 16);
  if (type === 'VP8 ') {
    // A key frame's start code.
    if (data.readUIntBE(23, 3) !== 0x9d012a) return broken;
    return { width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
  }
  if (type === 'VP8L') {
    if (data[20] !== 0x2f) return broken;
    const bits = data.readUInt32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (type !== 'VP8X') return broken;
  if (((data[20] ?? 0) & ANIMATED) !== 0) return { why: 'it is an animated WebP: save one picture of it as JPEG' };
  return { width: data.readUIntLE(24, 3) + 1, height: data.readUIntLE(27, 3) + 1 };
}

/** The chunks of a WebP; undefined where the file ends before they do, or has no picture among them. */
export function webpChunks(bytes: Uint8Array): Chunk[] | undefined {
  const data = bufferOf(bytes);
  const end = 8 + data.readUInt32LE(4);
  if (end > data.length) return undefined;
  const chunks: Chunk[] = [];
  for (let at = 12; at + 8 <= end && chunks.length < CHUNKS_MAX; ) {
    const size = data.readUInt32LE(at + 4);
    if (at + 8 + size > end) return undefined;
    chunks.push({ type: data.toString('latin1', at, at + 4), body: data.subarray(at + 8, at + 8 + size) });
    at += 8 + size + (size % 2);
  }
  return chunks.some(({ type }) => type === 'VP8 ' || type === 'VP8L') ? chunks : undefined;
}
