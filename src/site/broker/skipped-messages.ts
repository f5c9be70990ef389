import type { Clock, MonotonicMs } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { Oversized } from '../link/packet-filter.js';
import { PACKET_MAX, PROPERTIES_MAX } from '../messages.js';

/** Log and state are told at once, and then no more often than this, however many are published. */
const TOLD_MS = 60_000;
/** The problem is over when none came for so long. */
const OVER_MS = 10 * 60_000;

export interface SkippedMessagesParts {
  readonly clock: Clock;
  readonly log: Log;
  /** A sentence for the state; undefined when it is over. */
  readonly onProblem: (text: string | undefined) => void;
}

/** Tells of messages that the link has skipped because they are too large. Anybody with an account of the broker can publish such. */
export class SkippedMessages {
  readonly #parts: SkippedMessagesParts;
  #lastMs: MonotonicMs | undefined;
  #toldMs: MonotonicMs | undefined;
  /** The newest of those that were not told of yet, and how many they are. */
  #newest: Oversized | undefined;
  #count = 0;

  constructor(parts: SkippedMessagesParts) {
    this.#parts = parts;
  }

  skipped(message: Oversized): void {
    this.#lastMs = this.#parts.clock.monotonic();
    this.#newest = message;
    this.#count++;
    this.minute();
  }

  /** To be called about once a minute: what is over is over. */
  minute(): void {
    const { clock, log, onProblem } = this.#parts;
    const now = clock.monotonic();
    const newest = this.#newest;
    if (newest !== undefined && (this.#toldMs === undefined || now - this.#toldMs >= TOLD_MS)) {
      log.warn({ ...newest, count: this.#count }, 'skipped messages that are too large');
      onProblem(sentence(newest));
      this.#toldMs = now;
      this.#newest = undefined;
      this.#count = 0;
    }
    if (this.#lastMs === undefined || now - this.#lastMs < OVER_MS) return;
    this.#lastMs = undefined;
    onProblem(undefined);
  }
}

// Without the number of them: a sentence that changes each time would be published each time.
function sentence({ what, bytes, topic }: Oversized): string {
  const size =
    what === 'message'
      ? `of ${bytes} bytes (${PACKET_MAX} at most)`
      : `with ${bytes} bytes of properties (${PROPERTIES_MAX} at most)`;
  return `messages-skipped: a message on ${topic} ${size} was not read: find out who publishes that; where it is retained, an empty retained message there deletes it`;
}
