import type { Clock, Timer } from '../clock.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { pauseMs, type RetryPlan } from '../retry.js';

export interface SaverOptions {
  /** What is saved, for the log: `people store`. */
  readonly name: string;
  /** Writes all there is, as it is at the moment of the call. */
  readonly write: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly retry: RetryPlan;
}

/** The callers of one write. They share one promise, so that many calls at once need no queue. */
interface Batch {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Combines changes: at most one write runs and one is due; all changes made meanwhile go into the one that is due.
 * A failed write rejects its callers, and the saver then tries again by itself with growing pauses until a write succeeds,
 * because the change stays in memory: a removal must stay in force at the door even while the disk is full, and other
 * parts already know of it.
 */
export class Saver {
  readonly #options: SaverOptions;
  #due: Batch | undefined;
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #fault: unknown;

  constructor(options: SaverOptions) {
    this.#options = options;
  }

  /** Why the last write failed; undefined while there is nothing to try again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Resolves when a write that began after this call has succeeded; rejects when that write failed. */
  save(): Promise<void> {
    this.#due ??= newBatch();
    const { promise } = this.#due;
    this.#running ??= this.#run();
    return promise;
  }

  /** Waits for the write that runs and the one that is due, and tries a failed one once more. @throws what the last write threw */
  async close(): Promise<void> {
    await this.#running;
    this.#retry?.cancel();
    if (this.#fault === undefined) return;
    const last = this.save();
    await this.#running;
    this.#retry?.cancel();
    await last;
  }

  async #run(): Promise<void> {
    // Changes made in the same turn of the event loop go into one write.
    await Promise.resolve();
    while (this.#due) {
      const batch = this.#due;
      this.#due = undefined;
      try {
        await this.#options.write();
        this.#succeeded();
        batch.resolve();
      } catch (thrown) {
        this.#failed(thrown);
        batch.reject(thrown);
      }
    }
    this.#running = undefined;
  }

  #succeeded(): void {
    this.#retry?.cancel();
    if (this.#fault !== undefined) this.#options.log.info({}, `${this.#options.name} saved again`);
    this.#fault = undefined;
    this.#failures = 0;
  }

  #failed(thrown: unknown): void {
    const { clock, log, retry, name } = this.#options;
    const ms = pauseMs(retry, this.#failures++, 0);
    this.#fault = thrown;
    log.error({ why: messageOf(thrown), retryMs: ms }, `${name} not saved; changes are kept in memory`);
    this.#retry?.cancel();
    this.#retry = clock.after(ms, () => {
      void this.save();
    });
  }
}

function newBatch(): Batch {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // A retry has no caller that would handle a rejection; #failed logs it and plans the next try.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
