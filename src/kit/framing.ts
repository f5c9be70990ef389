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

const HEAD_BYTES = 8;

/**
 * Puts the chunks of a stream together into messages. Bounded, so that a faulty sender cannot fill the memory, whatever the size of its
 * chunks: beside the message at hand nothing is kept. After an error the rest of the stream cannot be read: end the sender.
 */
export class MessageReader {
  readonly #limit: number;
  readonly #jsonLimit: number;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  /** What follows the head, once the head is there. */
  #body: Buffer | undefined;
  /** Bytes of head or body that are there. */
  #filled = 0;

  constructor(limit = MESSAGE_BYTES_MAX, jsonLimit = limit) {
    this.#limit = limit;
    this.#jsonLimit = jsonLimit;
  }

  /** @throws RangeError for a message over the limits, SyntaxError for broken JSON. */
  feed(chunk: Buffer): FramedMessage[] {
    const messages: FramedMessage[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const target = this.#body ?? this.#head;
      const taken = rest.copy(target, this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled < target.length) break;
      this.#filled = 0;
      this.#body ??= Buffer.allocUnsafe(this.#announced());
      // The body is whole: just read, or empty.
      if (target === this.#body || this.#body.length === 0) messages.push(this.#message(this.#body));
    }
    return messages;
  }

  /** Bytes that follow the head. */
  #announced(): number {
    const total = this.#head.readUInt32BE(0);
    const textLength = this.#head.readUInt32BE(4);
    if (total > this.#limit)
      throw new RangeError(`a message of ${total} bytes was announced, at most ${this.#limit} are allowed`);
    if (textLength > this.#jsonLimit)
      throw new RangeError(`JSON of ${textLength} bytes was announced, at most ${this.#jsonLimit} are allowed`);
    if (textLength + 4 > total) throw new RangeError('a message is shorter than its own JSON');
    return total - 4;
  }

  #message(body: Buffer): FramedMessage {
    this.#body = undefined;
    const textLength = this.#head.readUInt32BE(4);
    return { json: JSON.parse(body.toString('utf8', 0, textLength)) as unknown, blob: body.subarray(textLength) };
  }
}
