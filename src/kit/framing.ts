// pure
/**
 * Puts messages into a stream of bytes and takes them out again. A frame is: 4 bytes with the length of all that follows,
 * 4 bytes with the length of the JSON (both big-endian), the JSON as UTF-8, then raw bytes (a photo, a picture).
 */

/** One message between two processes. */
export interface FramedMessage {
  readonly json: unknown;
  readonly blob: Buffer;
}

/** Photos from outside have at most 16 MiB; everything else is far smaller. */
export const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

/** The bytes of one frame. @throws RangeError when it is longer than {@link MESSAGE_BYTES_MAX} */
export function encodeMessage(json: unknown, blob: Buffer = EMPTY): Buffer {
  const text = Buffer.from(JSON.stringify(json), 'utf8');
  const total = 4 + text.length + blob.length;
  if (total > MESSAGE_BYTES_MAX)
    throw new RangeError(`a message of ${total} bytes is longer than ${MESSAGE_BYTES_MAX}`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(total, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text, blob]);
}

/**
 * Puts the chunks of a stream together into messages. Bounded, so that a faulty sender cannot fill the memory. After an
 * error the rest of the stream cannot be read: end the sender.
 */
export class MessageReader {
  #chunks: Buffer[] = [];
  #size = 0;
  readonly #limit: number;

  constructor(limit = MESSAGE_BYTES_MAX) {
    this.#limit = limit;
  }

  /** @throws RangeError for a message over the limit, SyntaxError for broken JSON. */
  feed(chunk: Buffer): FramedMessage[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: FramedMessage[] = [];
    for (;;) {
      const message = this.#next();
      if (!message) return messages;
      messages.push(message);
    }
  }

  #next(): FramedMessage | undefined {
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
