import { summaryOf } from './door-script.js';

/** An event has this long to come. */
const PATIENCE_MS = 10_000;

export type DoorEvent = Readonly<Record<string, unknown>>;

/** The gate's events as they come over MQTT. */
export class DoorEvents {
  readonly all: DoorEvent[] = [];
  #fresh: string[] = [];
  #waiter: { readonly count: number; readonly done: () => void } | undefined;

  add(event: DoorEvent): void {
    this.all.push(event);
    const summary = summaryOf(event);
    if (summary === undefined) return;
    this.#fresh.push(summary);
    if (this.#waiter && this.#fresh.length >= this.#waiter.count) this.#waiter.done();
  }

  /** The door's events since the last call, in words, as soon as there are `count` of them or after {@link PATIENCE_MS}. */
  async take(count: number): Promise<readonly string[]> {
    if (this.#fresh.length < count)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#waiter = { count, done };
      });
    this.#waiter = undefined;
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
