import type { Readable, Writable } from 'node:stream';
import { encodeMessage, MessageReader } from '../kit/framing.js';
import { type FromEye, type ToEye, toEyeSchema } from './protocol.js';

/** Bytes that may wait for a slow gate; beyond that, every message is dropped. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** The eye's end of the line to the gate. */
export class GateLine {
  readonly #out: Writable;

  constructor(out: Writable) {
    this.#out = out;
    // Without a gate there is nobody to measure for.
    out.on('error', () => process.exit(0));
  }

  /** Sends a message. While the gate has not read the one before, observations are dropped: only the newest is worth anything. */
  send(message: FromEye, blob?: Buffer): void {
    const droppable = message.kind === 'observation' && this.#out.writableLength > 0;
    if (droppable || this.#out.writableLength > WAITING_BYTES_MAX) return;
    this.#out.write(encodeMessage(message, blob));
  }

  /** Calls `onRequest` for each request. The end of the input, or an invalid message on it, ends the process. */
  listen(input: Readable, onRequest: (request: ToEye, blob: Buffer) => void): void {
    const reader = new MessageReader();
    input.on('data', (chunk: Buffer) => {
      for (const { json, blob } of reader.feed(chunk)) onRequest(toEyeSchema.parse(json), blob);
    });
    input.on('end', () => process.exit(0));
    input.on('error', () => process.exit(0));
  }
}
