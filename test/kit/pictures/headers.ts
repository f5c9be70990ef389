/** The head of a JPEG that claims a size; no picture follows. */
export function jpegHeader(
  width: number,
  height: number,
  { frame = 0xc0, before = Buffer.alloc(0) }: { readonly frame?: number; readonly before?: Buffer } = {},
): Buffer {
  const start = Buffer.from([0xff, 0xd8]);
  const size = [height >> 8, height & 255, width >> 8, width & 255];
  const components = [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];
  const sof = Buffer.from([0xff, frame, 0, 17, 8, ...size, ...components]);
  return Buffer.concat([start, before, sof]);
}

/** The head of a PNG that claims a size; checksum and picture are not there. */
export function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes.writeUInt32BE(13, 8);
  bytes.write('IHDR', 12, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes.set([8, 2, 0, 0, 0], 24);
  return bytes;
}

/** The head of an extended WebP that claims a size; no picture follows. */
export function webpHeader(width: number, height: number, { flags = 0 }: { readonly flags?: number } = {}): Buffer {
  const bytes = Buffer.alloc(30);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(22, 4);
  bytes.write('WEBPVP8X', 8, 'latin1');
  bytes.writeUInt32LE(10, 16);
  bytes[20] = flags;
  bytes.writeUIntLE(width - 1, 24, 3);
  bytes.writeUIntLE(height - 1, 27, 3);
  return bytes;
}

/** A block of EXIF with nothing but an orientation. */
export function exifBlock(orientation: number, order: 'II' | 'MM'): Buffer {
  const block = Buffer.alloc(26);
  const little = order === 'II';
  const short = (value: number, at: number) =>
    little ? block.writeUInt16LE(value, at) : block.writeUInt16BE(value, at);
  const long = (value: number, at: number) =>
    little ? block.writeUInt32LE(value, at) : block.writeUInt32BE(value, at);
  block.write(order, 0, 'latin1');
  short(42, 2);
  long(8, 4);
  short(1, 8);
  short(0x0112, 10);
  short(3, 12);
  long(1, 14);
  short(orientation, 18);
  return block;
}
