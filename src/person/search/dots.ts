// pure
import { DOTS_BASE64 } from './dots-bytes.js';

/** Rows that are multiplied in one call: what comes out of it stays in the processor's cache. */
const ROWS_AT_ONCE = 8192;
const PAGE = 65_536;

interface Exports {
  dots(rows: number, count: number, width: number, probe: number, out: number): void;
}

/**
 * Rows of signed bytes and their dot products with a probe of signed 16-bit numbers, by the vector instructions of whatever processor
 * it runs on (WebAssembly; `dots.wat`). The memory holds the products of one call, the probe, then the rows.
 */
export class ByteRows {
  /** Bytes of a row, a multiple of 16. */
  readonly width: number;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  readonly #probe = 4 * ROWS_AT_ONCE;
  readonly #rows: number;
  #count = 0;

  constructor(width: number) {
    if (width % 16 !== 0) throw new RangeError(`rows of ${width} bytes: a multiple of 16 is expected`);
    this.width = width;
    this.#rows = this.#probe + 2 * width;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#rows / PAGE) });
    const { exports } = new WebAssembly.Instance(compiled(), { search: { memory: this.#memory } });
    this.#exports = exports as unknown as Exports;
  }

  get count(): number {
    return this.#count;
  }

  push(row: Int8Array): void {
    const at = this.#rows + this.#count * this.width;
    const lacking = at + this.width - this.#memory.buffer.byteLength;
    // A quarter more than is needed, for growing copies nothing but takes its time.
    if (lacking > 0) this.#memory.grow(Math.ceil((lacking + at / 4) / PAGE));
    new Int8Array(this.#memory.buffer, at, this.width).set(row);
    this.#count++;
  }

  /** The last row takes the place of `row`. */
  removeAt(row: number): void {
    this.#count--;
    const last = this.#rows + this.#count * this.width;
    new Int8Array(this.#memory.buffer).copyWithin(this.#rows + row * this.width, last, last + this.width);
  }

  /** One product a row, into `into`, which has room for {@link count}. Products beyond 31 bits wrap around. */
  multiply(probe: Int16Array, into: Int32Array): void {
    const { buffer } = this.#memory;
    new Int16Array(buffer, this.#probe, this.width).set(probe);
    for (let first = 0; first < this.#count; first += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, this.#count - first);
      this.#exports.dots(this.#rows + first * this.width, count, this.width, this.#probe, 0);
      into.set(new Int32Array(buffer, 0, count), first);
    }
  }
}

let module: WebAssembly.Module | undefined;

function compiled(): WebAssembly.Module {
  module ??= new WebAssembly.Module(Buffer.from(DOTS_BASE64, 'base64'));
  return module;
}
