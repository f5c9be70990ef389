import type { Clock, MonotonicMs, Timer } from '../clock.js';
import { messageOf } from '../errors.js';

/** Port: where lines of the log go. Never waits. */
export interface LogSink {
  /** Takes what there is room for now. @returns bytes taken; 0: none at the moment @throws what the system says where nobody reads any more */
  write(bytes: Uint8Array): number;
  /** The same just before the process ends, when nothing can be finished later. */
  writeLast(bytes: Uint8Array): number;
  /** Calls `listener` whenever there is room again, where the sink can tell; others are asked again and again. */
  onRoom?(listener: () => void): void;
}

/** What happened to the log while nobody took it. */
export interface LogHeld {
  /** Lines that were thrown away. */
  readonly lost: number;
  readonly heldMs: number;
}

export interface LogQueueParts {
  readonly sink: LogSink;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** The log flows again after a time that deserves a line. */
  readonly onFlowing: (held: LogHeld) => void;
  /** Bytes that may wait; further lines are lost, and counted. */
  readonly bytesMax?: number;
}

/** At a busy gate some minutes of log. */
export const LOG_WAITING_MAX = 256 * 1024;
/** How often a sink that took nothing is tried again. */
const RETRY_MS = 100;
/** A shorter pause of the reader is no problem. */
const STALLED_MS = 2_000;

/**
 * Lines on their way to the log. Each is written at once, so that the last one before a kill is there; what the reader does not take
 * waits here up to a bound, and nobody waits for it. When that is full the newest lines are lost: the oldest show how the trouble began.
 */
export class LogQueue {
  readonly #parts: LogQueueParts;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #lost = 0;
  #lostTotal = 0;
  #since: MonotonicMs | undefined;
  #why = '';
  #retry: Timer | undefined;

  constructor(parts: LogQueueParts) {
    this.#parts = parts;
    parts.sink.onRoom?.(() => this.#drain());
  }

  /** Takes a line with its newline. Returns at once and never throws. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waiting.length > 0 && this.#bytes + bytes.length > (this.#parts.bytesMax ?? LOG_WAITING_MAX)) {
      this.#lost++;
      this.#lostTotal++;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#waiting.length === 1) this.#drain();
  }

  /** Lines that were thrown away since the start. */
  get lostTotal(): number {
    return this.#lostTotal;
  }

  /** Sentences for the state; empty while the log is taken. */
  problems(): readonly string[] {
    const now = this.#parts.clock.monotonic();
    if (this.#since === undefined || now - this.#since < STALLED_MS) return [];
    const why =
      this.#why === '' ? 'its reader does not read: see systemd-journald, or what the log is piped to' : this.#why;
    return [`log-stalled: the log is not taken (${why}); ${this.#lost} lines lost`];
  }

  /** Writes what the sink takes now: the process ends. */
  flush(): void {
    this.#retry?.cancel();
    this.#pass((bytes) => this.#parts.sink.writeLast(bytes));
  }

  #drain(): void {
    const { sink, clock, onFlowing } = this.#parts;
    this.#retry?.cancel();
    if (!this.#pass((bytes) => sink.write(bytes))) {
      this.#since ??= clock.monotonic();
      this.#retry = clock.after(RETRY_MS, () => this.#drain());
      return;
    }
    if (this.#since === undefined) return;
    const held = { lost: this.#lost, heldMs: Math.round(clock.monotonic() - this.#since) };
    this.#since = undefined;
    this.#lost = 0;
    this.#why = '';
    if (held.lost > 0 || held.heldMs >= STALLED_MS) onFlowing(held);
  }

  /** @returns whether everything was taken */
  #pass(write: (bytes: Uint8Array) => number): boolean {
    for (let head = this.#waiting[0]; head; head = this.#waiting[0]) {
      const taken = this.#attempt(write, head);
      this.#bytes -= taken;
      if (taken < head.length) {
        // The rest of a line follows its beginning, whatever is lost behind it.
        this.#waiting[0] = head.subarray(taken);
        return false;
      }
      this.#waiting.shift();
    }
    return true;
  }

  #attempt(write: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
    try {
      return write(bytes);
    } catch (thrown) {
      this.#why = messageOf(thrown);
      return 0;
    }
  }
}
