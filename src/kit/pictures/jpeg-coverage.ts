// pure
/** Numbers of a block: one of its mean, 63 of its detail. */
const BLOCK = 64;
const PROGRESSIVE = 0xc2;

/**
 * Which parts of a JPEG its scans bring (ITU-T T.81 B.2.2, B.2.3, G.1.1). A progressive picture comes coarse first and finer scan by scan:
 * without its last scans it looks whole and is blurred.
 */
export class JpegCoverage {
  readonly #progressive: boolean;
  /** By the component's id: which numbers have come to the last bit. */
  readonly #exact = new Map<number, Uint8Array>();

  /** @param body of the frame header, without mark and length */
  constructor(code: number, body: Buffer) {
    this.#progressive = code === PROGRESSIVE;
    const components = body[5] ?? 0;
    for (let i = 0; i < components; i++) {
      const id = body[6 + 3 * i];
      if (id !== undefined) this.#exact.set(id, new Uint8Array(BLOCK));
    }
  }

  /** @param body of a scan's header */
  add(body: Buffer): void {
    const components = body[0] ?? 0;
    const [first = 0, last = 0, precision = 0] = body.subarray(1 + 2 * components, 4 + 2 * components);
    // The low half says how many bits are still to come.
    if (this.#progressive && (precision & 0x0f) !== 0) return;
    const [from, to] = this.#progressive ? [first, last + 1] : [0, BLOCK];
    for (let i = 0; i < components; i++) this.#exact.get(body[1 + 2 * i] ?? -1)?.fill(1, from, to);
  }

  get complete(): boolean {
    return this.#exact.size > 0 && [...this.#exact.values()].every((numbers) => numbers.every((come) => come === 1));
  }
}
