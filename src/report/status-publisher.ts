import { type GateState, statusLine } from './status.js';

/** @param line one line for `systemctl status` */
export type PublishStatus = (state: GateState, line: string) => void;

/** Publishes the gate's state whenever it has changed. */
export class StatusPublisher {
  readonly #state: () => GateState;
  readonly #people: { readonly size: number };
  readonly #publish: PublishStatus;
  #last = '';

  constructor(state: () => GateState, people: { readonly size: number }, publish: PublishStatus) {
    this.#state = state;
    this.#people = people;
    this.#publish = publish;
  }

  /** One line for `systemctl status`. */
  get line(): string {
    return statusLine(this.#state(), this.#people.size);
  }

  /** Publishes the state if it has changed since the last call; may be called at any rate. */
  refresh(): void {
    const state = this.#state();
    const { size } = this.#people;
    const now = JSON.stringify([state, size]);
    if (now === this.#last) return;
    this.#last = now;
    this.#publish(state, statusLine(state, size));
  }
}
