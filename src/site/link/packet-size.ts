/**
 * Reads the bytes of one MQTT connection and reports a packet that announces more than `maxBytes`. Neither mqtt.js (under
 * 3.1.1) nor aedes limits what it collects: a header may announce 256 MB.
 */
export class PacketSize {
  readonly #maxBytes: number;
  /** Bytes of the current packet that are still to come; undefined while its header is being read. */
  #rest = 0;
  #header = 0;
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Reads the next bytes. @returns the size announced by a packet that is too large, or undefined while all is well */
  feed(chunk: Uint8Array): number | undefined {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, chunk.byteLength - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#header === 0) {
        this.#header = 1;
        this.#length = 0;
        continue;
      }
      // [MQTT-2.2.3] seven bits a byte, the lowest first, at most four bytes.
      this.#length += (byte & 0x7f) * 128 ** (this.#header - 1);
      if (this.#length > this.#maxBytes || this.#header > 4) return this.#length;
      this.#header++;
      if ((byte & 0x80) === 0) {
        this.#rest = this.#length;
        this.#header = 0;
      }
    }
    return undefined;
  }
}
