import type { Clock } from '../kit/clock.js';
import type { FromEye } from './protocol.js';

/** An answer of the eye; without a message where the eye was too late, takes no more or has ended. */
export interface Answer {
  readonly message: FromEye | undefined;
  readonly blob: Buffer;
}

/** Answers awaited at a time; the eye itself lets fewer photos wait. */
const WAITING_MAX = 16;
const NO_REPLY: Answer = { message: undefined, blob: Buffer.alloc(0) };

/** The requests that the eye has not answered yet. Each settles: with the answer, at the time limit, or when the eye ends. */
export class PendingReplies {
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  /** No further request is taken now. */
  get full(): boolean {
    return this.#waiting.size >= WAITING_MAX;
  }

  /** @param answerMs what an answer may take, in milliseconds */
  constructor(clock: Clock, answerMs: number) {
    this.#clock = clock;
    this.#answerMs = answerMs;
  }

  /** Sends a request under a new id and waits. @param send returns false when the eye takes no more */
  ask(send: (id: number) => boolean): Promise<Answer> {
    const id = this.#nextId++;
    if (this.full || !send(id)) return Promise.resolve(NO_REPLY);
    return new Promise((resolve) => {
      const timer = this.#clock.after(this.#answerMs, () => this.#settle(id, NO_REPLY));
      this.#waiting.set(id, (answer) => {
        timer.cancel();
        resolve(answer);
      });
    });
  }

  /** Settles the request with this id; ignored where none is waiting. */
  receive(id: number, answer: Answer): void {
    this.#settle(id, answer);
  }

  /** Settles all requests without an answer: the eye has ended. */
  abandon(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, NO_REPLY);
  }

  #settle(id: number, answer: Answer): void {
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(answer);
  }
}
