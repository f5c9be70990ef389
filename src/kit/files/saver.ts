import type { Clock, Timer } from '../clock.js';
import { messageOf, OperatingError } from '../errors.js';
import type { Log } from '../log.js';
import { pauseMs, type RetryPlan } from '../retry.js';
import { endsWithin } from '../within.js';
import { CLOSE_MS, diskHangs, LATE_MS } from './late.js';

export interface SaverOptions {
  /** What is saved, for the log: `people store`. */
  readonly name: string;
  /** Writes all there is, as it is at the moment of the call. What takes long calls {@link Saver.progress} on the way. */
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
 * parts already know of it. A write that makes no progress for {@link LATE_MS} is late: it rejects its callers as well, and goes on; until
 * it ends, whoever comes is told the same at once: nobody waits for a disk that hangs.
 */
export class Saver {
  readonly #options: SaverOptions;
  #due: Batch | undefined;
  /** The batch of the write that runs. */
  #current: Batch | undefined;
  #running: Promise<void> | undefined;
  #retry: Timer | undefined;
  #lateness: Timer | undefined;
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

  /** The write that runs goes on: whether it is late is counted from here. An arrow function, so that it can be handed out. */
  readonly progress = (): void => {
    if (!this.#current || this.#hangs) return;
    this.#lateness?.cancel();
    this.#lateness = this.#options.clock.after(LATE_MS, () => this.#late(diskHangs()));
  };

  /**
   * Waits for the write that runs and the one that is due, and tries a failed one once more, for `leftMs` in all; for a disk that hangs it
   * does not wait.
   * @throws what the last write threw, or that the disk hangs
   */
  async close(leftMs = CLOSE_MS): Promise<void> {
    const untilMs = this.#options.clock.monotonic() + leftMs;
    await this.#ended(untilMs);
    this.#retry?.cancel();
    if (this.#fault === undefined) return;
    if (this.#hangs) throw this.#fault;
    const last = this.save();
    await this.#ended(untilMs);
    this.#retry?.cancel();
    await last;
  }

  /** Resolves when no write runs any more, or the one that runs is late. */
  async #ended(untilMs: number): Promise<void> {
    const { clock } = this.#options;
    if (!this.#running || this.#hangs) return;
    if (await endsWithin(clock, Math.max(0, untilMs - clock.monotonic()), this.#running)) return;
    this.#late(new OperatingError('KAIMON_FILE_WRITE', 'the disk did not take it in the time there was to end'));
  }

  async #run(): Promise<void> {
    // Changes made in the same turn of the event loop go into one write.
    await Promise.resolve();
    while (this.#due) {
      const batch = this.#due;
      this.#current = batch;
      this.#due = undefined;
      this.progress();
      try {
        await this.#options.write();
        this.#succeeded();
        batch.resolve();
      } catch (thrown) {
        this.#failed(thrown);
        batch.reject(thrown);
      } finally {
        this.#lateness?.cancel();
      }
    }
    this.#current = undefined;
    this.#running = undefined;
  }

  #late(why: OperatingError): void {
    const { log, name } = this.#options;
    if (this.#hangs) return;
    this.#hangs = true;
    this.#lateness?.cancel();
    this.#fault = why;
    log.error({ why: why.message }, `${name} not saved; changes are kept in memory`);
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
