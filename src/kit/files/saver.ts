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
/** So long a disk that hangs keeps the daemon from ending. */
const CLOSE_MS = 500;

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
 * parts already know of it. A write that is late rejects its callers as well, and goes on: nobody waits for a disk that hangs.
 */
export class Saver {
  readonly #options: SaverOptions;
  #due: Batch | undefined;
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #fault: unknown;
  /** A write runs, or waits for one, that is late. */
  #hangs = false;

  constructor(options: SaverOptions) {
    this.#options = options;
  }

  /** Why the last write failed; undefined while there is nothing to try again. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Whether the disk does not answer. */
  get hangs(): boolean {
    return this.#hangs;
  }

  /** Resolves when a write that began after this call has succeeded; rejects when that write failed or is late. */
  save(): Promise<void> {
    this.#due ??= this.#newBatch();
    const { promise } = this.#due;
    this.#running ??= this.#run();
    return promise;
  }

  /** Waits for the write that runs and the one that is due, and tries a failed one once more. @throws what the last write threw */
  async close(): Promise<void> {
    await this.#settled();
    this.#retry?.cancel();
    if (this.#hangs) throw this.#fault;
    if (this.#fault === undefined) return;
    const last = this.save();
    await this.#settled();
    this.#retry?.cancel();
    await last;
  }

  /** Resolves when no write runs any more, or is late. */
  async #settled(): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(this.#hangs ? CLOSE_MS : LATE_MS + CLOSE_MS, resolve);
    });
    await Promise.race([this.#running, late]);
    timer?.cancel();
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

  #newBatch(): Batch {
    const batch = newBatch();
    const timer = this.#options.clock.after(LATE_MS, () => this.#late(batch));
    const over = () => timer.cancel();
    batch.promise.then(over, over);
    return batch;
  }

  #late(batch: Batch): void {
    const { log, name } = this.#options;
    const why = `the disk does not answer: the ${name.replace(/^the /, '')} was not written within ${LATE_MS / 1000} s`;
    const fault = new OperatingError('KAIMON_FILE_WRITE', why);
    // Told once, not for each change that waits.
    if (!this.#hangs) log.error({ why }, `${name} not saved; changes are kept in memory`);
    this.#hangs = true;
    this.#fault = fault;
    batch.reject(fault);
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
