// pure
/**
 * Messages between the two processes: 4 bytes length of all that follows, 4 bytes length of the JSON (both big-endian),
 * the JSON as UTF-8, then raw bytes (a photo, a picture). Bounded: a mad sender cannot make the reader buffer more.
 */
export interface WireMessage {
  readonly json: unknown;
  readonly blob: Buffer;
}

/** Photos from outside have at most 16 MiB; everything else is far smaller. */
export const WIRE_MESSAGE_MAX = 17 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

export function encodeWire(json: unknown, blob: Buffer = EMPTY): Buffer {
  const text = Buffer.from(JSON.stringify(json), 'utf8');
  const total = 4 + text.length + blob.length;
  if (total > WIRE_MESSAGE_MAX) throw new RangeError(`a message of ${total} bytes is longer than ${WIRE_MESSAGE_MAX}`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(total, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text, blob]);
}

/** Puts chunks of a stream together into messages. After an error the stream is lost: throw the sender away. */
export class WireReader {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #limit: number;

  constructor(limit = WIRE_MESSAGE_MAX) {
    this.#limit = limit;
  }

  /** @throws RangeError for a message over the limit, SyntaxError for broken JSON. */
  feed(chunk: Buffer): WireMessage[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: WireMessage[] = [];
    for (;;) {
      const message = this.#next();
      if (!message) return messages;
      messages.push(message);
    }
  }

  #next(): WireMessage | undefined {
    if (this.#size < 8) return undefined;
    let head = this.#chunks[0] as Buffer;
    if (head.length < 8) head = this.#join();
    const total = head.readUInt32BE(0);
    const textLength = head.readUInt32BE(4);
    if (total > this.#limit)
      throw new RangeError(`a message of ${total} bytes was announced, at most ${this.#limit} are allowed`);
    if (textLength + 4 > total) throw new RangeError('a message is shorter than its own JSON');
    const end = 4 + total;
    if (this.#size < end) return undefined;
    const all = this.#join();
    const json: unknown = JSON.parse(all.toString('utf8', 8, 8 + textLength));
    const blob = Buffer.from(all.subarray(8 + textLength, end));
    const rest = all.subarray(end);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return { json, blob };
  }

  #join(): Buffer {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [all];
    return all;
  }
}
