import type { Clock, Timer } from '../clock.js';
import { messageOf, OperatingError } from '../errors.js';
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

/** A write that takes longer is late: the disk hangs. 50,000 people on an SD card take a few seconds. */
const LATE_MS = 10_000;
/** So long a write may keep the daemon from ending, as the journal's; systemd waits ten seconds for all that ends. */
const CLOSE_MS = 5_000;

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
 * parts already know of it. A write that is late rejects its callers as well, and goes on; until it ends, whoever comes is told the same
 * at once: nobody waits for a disk that hangs.
 */
export class Saver {
  readonly #options: SaverOptions;
  #due: Batch | undefined;
  /** The batch of the write that runs. */
  #current: Batch | undefined;
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #fault: unknown;
  #hangs = false;

  constructor(options: SaverOptions) {
    this.#options = options;
  }

  /** Why the last write failed, or does not end; undefined while there is nothing to try again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Whether a write runs that is late. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /** Resolves when a write that began after this call has succeeded; rejects when that write failed or the disk hangs. */
  save(): Promise<void> {
    this.#due ??= newBatch();
    const { promise, reject } = this.#due;
    if (this.#hangs) reject(this.#fault);
    this.#running ??= this.#run();
    return promise;
  }

  /**
   * Waits for the write that runs and the one that is due, and tries a failed one once more; for a disk that hangs it waits no longer.
   * @throws what the last write threw, or that the disk hangs
   */
  async close(): Promise<void> {
    await this.#ended();
    this.#retry?.cancel();
    if (this.#fault === undefined) return;
    if (this.#hangs) throw this.#fault;
    const last = this.save();
    await this.#ended();
    this.#retry?.cancel();
    await last;
  }

  /** Resolves when no write runs any more, or the one that runs is late. */
  async #ended(): Promise<void> {
    const running = this.#running;
    if (!running || this.#hangs) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(CLOSE_MS, () => {
        this.#late(CLOSE_MS);
        resolve();
      });
      void running.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  async #run(): Promise<void> {
    // Changes made in the same turn of the event loop go into one write.
    await Promise.resolve();
    while (this.#due) {
      const batch = this.#due;
      this.#current = batch;
      this.#due = undefined;
      const timer = this.#options.clock.after(LATE_MS, () => this.#late(LATE_MS));
      try {
        await this.#options.write();
        this.#succeeded();
        batch.resolve();
      } catch (thrown) {
        this.#failed(thrown);
        batch.reject(thrown);
      } finally {
        timer.cancel();
      }
    }
    this.#current = undefined;
    this.#running = undefined;
  }

  #late(ms: number): void {
    const { log, name } = this.#options;
    if (this.#hangs) return;
    this.#hangs = true;
    this.#fault = new OperatingError('KAIMON_FILE_WRITE', `the disk has not answered for ${ms / 1000} seconds`);
    log.error({ why: messageOf(this.#fault) }, `${name} not saved; changes are kept in memory`);
    for (const batch of [this.#current, this.#due]) batch?.reject(this.#fault);
  }

  #succeeded(): void {
    this.#hangs = false;
    this.#retry?.cancel();
    if (this.#fault !== undefined) this.#options.log.info({}, `${this.#options.name} saved again`);
    this.#fault = undefined;
    this.#failures = 0;
  }

  #failed(thrown: unknown): void {
    const { clock, log, retry, name } = this.#options;
    const ms = pauseMs(retry, this.#failures++, 0);
    this.#hangs = false;
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
