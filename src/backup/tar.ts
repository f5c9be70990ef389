// pure
/** The archive inside a backup: ustar, plain files only, so that `age -d FILE | tar -x` opens it by hand, too. */

const BLOCK = 512;
/** Largest file that eleven octal digits can tell. */
const SIZE_MAX = 8 ** 11 - 1;

/** What the bytes are not. */
export class NotTar extends Error {
  override readonly name = 'NotTar';
}

/** The block before a file. @param seconds since 1970 */
export function tarHeader(name: string, bytes: number, seconds: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(name) > 99 || bytes > SIZE_MAX) throw new RangeError(`${name} does not fit into the archive`);
  const octal = (value: number, at: number, digits: number) =>
    header.write(`${Math.max(0, Math.trunc(value)).toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  header.write(name, 0);
  octal(0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes, 124, 11);
  octal(seconds, 136, 11);
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  octal(sumOf(header), 148, 6);
  return header;
}

/** What fills the last block of a file. */
export const tarPadding = (bytes: number): Buffer => Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);
export const TAR_END = Buffer.alloc(2 * BLOCK);

const sumOf = (header: Buffer): number => header.reduce((sum, byte) => sum + byte, 0);

export interface TarMember {
  readonly name: string;
  readonly bytes: number;
  /** To be read to its end. */
  readonly content: AsyncIterable<Buffer>;
}

/** The files of an archive, one after the other; the source is read to its very end. @throws NotTar */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const input = new Input(source);
  for (;;) {
    const header = await input.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const { name, bytes } = parse(header);
    let left = bytes;
    const content = async function* () {
      for (; left > 0; ) {
        const part = await input.upTo(left);
        left -= part.length;
        yield part;
      }
    };
    yield { name, bytes, content: content() };
    if (left > 0) throw new Error(`${name} was not read to its end`);
    await input.exactly(tarPadding(bytes).length);
  }
  await input.zeros();
}

function parse(header: Buffer): { readonly name: string; readonly bytes: number } {
  const text = (at: number, length: number) => header.toString('latin1', at, at + length).replace(/[\0 ].*$/s, '');
  const blank = Buffer.from(header);
  blank.write('        ', 148, 'latin1');
  if (Number.parseInt(text(148, 8), 8) !== sumOf(blank)) throw new NotTar('the sum of a header is wrong');
  const size = text(124, 12);
  if (text(156, 1) !== '0' || !/^[0-7]{1,11}$/.test(size)) throw new NotTar('it holds something that is no plain file');
  return { name: header.toString('utf8', 0, 100).replace(/\0.*$/s, ''), bytes: Number.parseInt(size, 8) };
}

/** Bytes of a stream, so many at a time as are asked for. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte and at most `max`. */
  async upTo(max: number): Promise<Buffer> {
    if (!(await this.#fill())) throw new NotTar('it ends too early');
    const part = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async exactly(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = bytes; left > 0; ) {
      const part = await this.upTo(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Nothing but zeros until the source ends. */
  async zeros(): Promise<void> {
    while (await this.#fill()) {
      if (this.#rest.some((byte) => byte !== 0)) throw new NotTar('something follows its end');
      this.#rest = Buffer.alloc(0);
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done) return false;
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return true;
  }
}
