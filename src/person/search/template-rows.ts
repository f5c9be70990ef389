// pure
import { ByteRows } from './dots.js';

/** Numbers of the probe reach this far in either direction. */
const PROBE_MAX = 16_383;
/** What float32 and float64 rounding may add up to. */
const ROUNDING = 1e-6;

/**
 * Templates as rows of bytes, for a search that compares the probe with all of them roughly and with few exactly. For each row it
 * keeps how much of the template its bytes do not tell, and so knows *at most* how near the template is: nothing is ever missed.
 *
 * With t = s·q + e, q the bytes and s one step: t·p = s·q·p + e·p ≤ s·q·p + |e|·|p| (Cauchy–Schwarz); the probe's own rounding likewise.
 */
export class TemplateRows {
  readonly #bytes: ByteRows;
  readonly #step: number;
  readonly #row: Int8Array;
  readonly #probe: Int16Array;
  #products = new Int32Array(1024);
  #untold = new Float32Array(1024);
  #reach = new Float32Array(1024);

  /** @param dimension numbers of a template */
  constructor(dimension: number) {
    this.#bytes = new ByteRows(Math.ceil(dimension / 16) * 16);
    this.#row = new Int8Array(this.#bytes.width);
    this.#probe = new Int16Array(this.#bytes.width);
    // Numbers of a unit vector are about 1/sqrt(dimension): eight times that is next to never reached, and what is beyond counts as untold.
    this.#step = Math.min(1, 8 / Math.sqrt(dimension)) / 127;
  }

  get count(): number {
    return this.#bytes.count;
  }

  /** @param template a unit vector */
  push(template: Float32Array): void {
    let untold = 0;
    for (let i = 0; i < template.length; i++) {
      const value = template[i] as number;
      const byte = Math.max(-127, Math.min(127, Math.round(value / this.#step)));
      this.#row[i] = byte;
      untold += (value - byte * this.#step) ** 2;
    }
    this.#makeRoom();
    this.#untold[this.count] = Math.sqrt(untold);
    this.#bytes.push(this.#row);
  }

  /** The last row takes the place of `row`. */
  removeAt(row: number): void {
    this.#bytes.removeAt(row);
    this.#untold[row] = this.#untold[this.count] as number;
  }

  /**
   * For each row the greatest dot product that its template can have with the probe; good until the next call.
   * @param probe finite numbers, as many as a template has
   */
  reach(probe: Float32Array): Float32Array {
    const count = this.count;
    let largest = 0;
    for (const value of probe) largest = Math.max(largest, Math.abs(value));
    const step = largest / PROBE_MAX || 1;
    let [length, rounded] = [0, 0];
    for (let i = 0; i < probe.length; i++) {
      const value = probe[i] as number;
      const number = Math.round(value / step);
      this.#probe[i] = number;
      length += value ** 2;
      rounded += (value - number * step) ** 2;
    }
    this.#bytes.multiply(this.#probe, this.#products);
    const [own, factor] = [Math.sqrt(length), this.#step * step];
    const reach = this.#reach.subarray(0, count);
    // |s·q| ≤ |t| + |e|, and |t| is 1 to a thousandth.
    const lost = Math.sqrt(rounded) * 1.001;
    for (let row = 0; row < count; row++) {
      const untold = this.#untold[row] as number;
      reach[row] = factor * (this.#products[row] as number) + untold * own + lost * (1 + untold) + ROUNDING;
    }
    return reach;
  }

  #makeRoom(): void {
    if (this.count < this.#untold.length) return;
    this.#products = new Int32Array(2 * this.count);
    this.#reach = new Float32Array(2 * this.count);
    const untold = new Float32Array(2 * this.count);
    untold.set(this.#untold);
    this.#untold = untold;
  }
}
