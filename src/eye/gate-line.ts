import type { Readable, Writable } from 'node:stream';
import { encodeMessage, MessageReader } from '../kit/framing.js';
import { type FromEye, type ToEye, toEyeSchema } from './protocol.js';

/** Bytes that may wait for a slow gate; beyond, observations are dropped: the newest one wins there as well. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** The eye's end of the line to the gate. */
export class GateLine {
  readonly #out: Writable;

  constructor(out: Writable) {
    this.#out = out;
    // The gate is gone: so is the reason to look.
    out.on('error', () => process.exit(0));
  }

  /** Sends a message; observations are dropped while the gate does not read. */
  tell(message: FromEye, blob?: Buffer): void {
    const droppable = message.kind === 'observation' && this.#out.writableLength > 0;
    if (droppable || this.#out.writableLength > WAITING_BYTES_MAX) return;
    this.#out.write(encodeMessage(message, blob));
  }

  /** Calls `act` for each request. The end of the input, or nonsense on it, ends the process. */
  listen(input: Readable, act: (request: ToEye, blob: Buffer) => void): void {
    const reader = new MessageReader();
    input.on('data', (chunk: Buffer) => {
      for (const { json, blob } of reader.feed(chunk)) act(toEyeSchema.parse(json), blob);
    });
    input.on('end', () => process.exit(0));
    input.on('error', () => process.exit(0));
  }
}
