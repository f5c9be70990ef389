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
