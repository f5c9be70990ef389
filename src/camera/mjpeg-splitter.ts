// pure
/** Most bytes of one JPEG: a stream without end marks must not fill the memory. */
export const JPEG_MAX = 4 * 1024 * 1024;

/**
 * Cuts a byte stream of JPEGs (rpicam-vid --codec mjpeg) into pictures. Walks the segments (ITU-T T.81 B.1), so that an
 * end mark inside an EXIF thumbnail does not cut the picture; what lies between pictures is skipped.
 */
export class MjpegSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  /** Where the walk continues, so that no byte is examined twice. */
  #at = 0;
  #inScan = false;

  /** @returns the pictures completed by this chunk. @throws RangeError when a picture exceeds {@link JPEG_MAX}. */
  feed(chunk: Buffer): Buffer[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const pictures: Buffer[] = [];
    for (;;) {
      if (this.#at === 0 && !this.#findStart()) break;
      const end = this.#findEnd();
      if (end === 'more') break;
      if (end === 'broken') continue;
      pictures.push(Buffer.from(this.#buffer.subarray(0, end)));
      this.#restart(end);
    }
    if (this.#buffer.length > JPEG_MAX)
      throw new RangeError(`a camera picture exceeds ${JPEG_MAX} bytes: is this an MJPEG stream?`);
    return pictures;
  }

  #restart(from: number): void {
    this.#buffer = this.#buffer.subarray(from);
    this.#at = 0;
    this.#inScan = false;
  }

  #findStart(): boolean {
    const start = this.#buffer.indexOf(Buffer.from([0xff, 0xd8]));
    if (start < 0) {
      // A lone 0xff at the end may be the first half of a start mark.
      this.#buffer = this.#buffer.at(-1) === 0xff ? this.#buffer.subarray(-1) : Buffer.alloc(0);
      return false;
    }
    this.#buffer = this.#buffer.subarray(start);
    this.#at = 2;
    return true;
  }

  /** Position after the end mark; 'more' when it has not arrived; 'broken' when the picture was thrown away. */
  #findEnd(): number | 'more' | 'broken' {
    const bytes = this.#buffer;
    while (this.#at + 1 < bytes.length) {
      if (this.#inScan) {
        const mark = bytes.indexOf(0xff, this.#at);
        this.#at = mark < 0 ? bytes.length : mark;
        if (this.#at + 1 >= bytes.length) return 'more';
        const code = bytes[this.#at + 1] as number;
        const stuffed = code === 0x00 || code === 0xff || (code >= 0xd0 && code <= 0xd7);
        if (stuffed) {
          this.#at += code === 0xff ? 1 : 2;
          continue;
        }
        this.#inScan = false;
      }
      const code = bytes[this.#at + 1] as number;
      if (bytes[this.#at] !== 0xff || code === 0xd8) {
        // Not a segment: this picture is broken, look for the next one.
        this.#restart(bytes[this.#at] === 0xff ? this.#at : this.#at + 1);
        return 'broken';
      }
      if (code === 0xd9) return this.#at + 2;
      // A fill byte before a mark (T.81 B.1.1.2).
      if (code === 0xff) {
        this.#at += 1;
        continue;
      }
      if (this.#at + 3 >= bytes.length) return 'more';
      this.#at += 2 + bytes.readUInt16BE(this.#at + 2);
      this.#inScan = code === 0xda;
    }
    return 'more';
  }
}
