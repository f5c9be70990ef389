import type { Clock, MonotonicMs, Timer } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';

/** However often somebody presses the button: a picture costs the eye time. */
const GAP_MS = 2_000;
/** A larger one is not sent. */
const BYTES_MAX = 4 * 1024 * 1024;

export interface PictureSenderParts {
  readonly everyMs: number;
  /** Port: a JPEG of the newest frame; undefined when there is none. */
  readonly picture: () => Promise<Buffer | undefined>;
  /** Whether anybody can be sent one. */
  readonly wanted: () => boolean;
  readonly send: (jpeg: Uint8Array) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sends a picture of the camera now and then. One at a time. */
export class PictureSender {
  readonly #parts: PictureSenderParts;
  #timer: Timer | undefined;
  #last: MonotonicMs | undefined;
  #busy = false;

  constructor(parts: PictureSenderParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.after(this.#parts.everyMs, () => {
      this.take();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Takes one now, unless one was taken a moment ago. */
  take(): void {
    const { clock, wanted } = this.#parts;
    const now = clock.monotonic();
    if (this.#busy || !wanted() || (this.#last !== undefined && now - this.#last < GAP_MS)) return;
    this.#last = now;
    void this.#send();
  }

  async #send(): Promise<void> {
    const { picture, send, log } = this.#parts;
    this.#busy = true;
    try {
      const jpeg = await picture();
      if (jpeg && jpeg.byteLength <= BYTES_MAX) send(jpeg);
    } catch (thrown) {
      log.warn({ err: explain(thrown) }, 'no picture was taken for Home Assistant');
    }
    this.#busy = false;
  }
}
