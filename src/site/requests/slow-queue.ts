import type { Clock, MonotonicMs } from '../../kit/clock.js';

/** Slow requests that wait, all together and of one client, and what they may hold in memory: photos, most of all. */
export const QUEUE_MAX = 256;
export const QUEUE_CLIENT_MAX = 224;
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** Slow requests that are done at one time: two keep the eye busy, and leave the camera's frames every other turn. */
export const SLOW_AT_ONCE = 2;
/** What one takes until that is measured. */
const FIRST_MS = 500;
/** How much of the mean the newest one is. */
const NEWEST = 0.2;
const RETRY_MIN_MS = 1_000;

export interface SlowJob {
  readonly client: string;
  readonly bytes: number;
  /** Does it; never rejects. */
  run(turn: Turn): Promise<void>;
  /** It will not be done: the gate is stopped. */
  drop(): void;
}

/** What it had to wait for. */
export interface Turn {
  /** Slow requests that were waiting or being done when it came. */
  readonly ahead: number;
  readonly waitedMs: number;
}

interface Waiting extends SlowJob {
  readonly since: MonotonicMs;
  readonly ahead: number;
}

/** Why something was not taken. */
export interface QueueFull {
  readonly why: string;
  readonly retryAfterMs: number;
}

/**
 * Slow requests, a few at a time, clients in turn: one who asks for 200 things keeps nobody with one waiting for all of them. What finds no
 * place is told when the queue of now will have been worked off.
 */
export class SlowQueue {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Of each client with something waiting, whose turn is next first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #size = 0;
  #bytes = 0;
  #running = 0;
  #meanMs = FIRST_MS;
  #stopped = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** @returns undefined where it was taken */
  add(job: SlowJob): QueueFull | undefined {
    const own = this.#waiting.get(job.client) ?? [];
    const why = this.#whyFull(job, own.length);
    if (why !== undefined) return { why, retryAfterMs: this.#workedOffMs() };
    own.push({ ...job, since: this.#clock.monotonic(), ahead: this.#size + this.#running });
    this.#waiting.set(job.client, own);
    this.#size += 1;
    this.#bytes += job.bytes;
    this.#next();
    return undefined;
  }

  /** Nothing is begun any more; what waits is dropped. */
  stop(): void {
    this.#stopped = true;
    for (let job = this.#take(); job; job = this.#take()) job.drop();
  }

  #whyFull({ bytes }: SlowJob, own: number): string | undefined {
    if (this.#stopped) return 'this gate is being stopped';
    if (this.#size >= QUEUE_MAX) return `${QUEUE_MAX} slow requests are waiting, which is the most`;
    if (own >= QUEUE_CLIENT_MAX) return `${QUEUE_CLIENT_MAX} of your slow requests are waiting, which is the most`;
    if (this.#bytes + bytes > QUEUE_BYTES_MAX)
      return `the photos that are waiting have ${this.#bytes} bytes, at most ${QUEUE_BYTES_MAX} are held`;
    return undefined;
  }

  #workedOffMs(): number {
    return Math.max(RETRY_MIN_MS, Math.round((this.#size / SLOW_AT_ONCE) * this.#meanMs));
  }

  #next(): void {
    while (this.#running < SLOW_AT_ONCE) {
      const job = this.#take();
      if (!job) return;
      this.#running += 1;
      void this.#run(job);
    }
  }

  #take(): Waiting | undefined {
    const [turn] = this.#waiting;
    if (!turn) return undefined;
    const [client, jobs] = turn;
    const job = jobs.shift();
    this.#waiting.delete(client);
    if (jobs.length > 0) this.#waiting.set(client, jobs);
    if (!job) return undefined;
    this.#size -= 1;
    this.#bytes -= job.bytes;
    return job;
  }

  async #run(job: Waiting): Promise<void> {
    const began = this.#clock.monotonic();
    await job.run({ ahead: job.ahead, waitedMs: Math.round(began - job.since) });
    this.#meanMs += NEWEST * (this.#clock.monotonic() - began - this.#meanMs);
    this.#running -= 1;
    this.#next();
  }
}
