import type { Clock } from '../kit/clock.js';
import { RequestError } from './messages.js';
import type { RecordSync } from './sync/record-sync.js';

/** How often is looked whether the comparison is over, and for how long. */
const LOOK_MS = 100;
const PATIENCE_MS = 50_000;

export interface ResyncParts<S> {
  readonly clock: Clock;
  readonly syncs: readonly Pick<RecordSync<{ readonly version: string }>, 'up' | 'settled'>[];
  /** What the answer says. */
  readonly summary: () => Promise<S>;
}

/** The request `resync`: compares this gate's records with the broker's anew, as at a connect. All who ask meanwhile share one comparison. */
export class Resync<S> {
  readonly #parts: ResyncParts<S>;
  #running: Promise<{ readonly people: S }> | undefined;
  #stopped = false;

  constructor(parts: ResyncParts<S>) {
    this.#parts = parts;
  }

  /** Resolves once broker and gate were compared. @throws RequestError busy where that takes long */
  run(): Promise<{ readonly people: S }> {
    this.#running ??= this.#compare().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #compare(): Promise<{ readonly people: S }> {
    const { clock, syncs, summary } = this.#parts;
    for (const sync of syncs) sync.up();
    const began = clock.monotonic();
    while (!syncs.every(({ settled }) => settled)) {
      if (this.#stopped || clock.monotonic() - began >= PATIENCE_MS)
        throw new RequestError(
          'busy',
          'the comparison with the broker is not over yet; it goes on by itself: see the state',
        );
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    return { people: await summary() };
  }
}
