import type { Clock } from '../../../kit/clock.js';
import { explain, messageOf } from '../../../kit/errors.js';
import type { Log } from '../../../kit/log.js';
import { FailedSends } from './failed-sends.js';
import { Outgoing } from './outgoing.js';

export interface SendingParts {
  /** What is sent, for logs and problems: `people`. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The stamp of what is to be sent of an id, '' where it is to be cleared; undefined: the broker holds the right one. */
  readonly due: (id: string) => string | undefined;
  /** Publishes it. Rejects where the broker did not take it. */
  readonly publish: (id: string, stamp: string) => Promise<void>;
  /** The broker has taken it, on this connection. */
  readonly onTaken: (id: string, stamp: string) => void;
  /** It has not, on this connection or an earlier one. */
  readonly onFailed: (id: string) => void;
  /** Whether somebody waits for it here. */
  readonly isChange: (id: string) => boolean;
  /** A sentence for the state; undefined when all is well again. */
  readonly onProblem: (text: string | undefined) => void;
}

/** Sends records to the broker until it has them: some at one time, changes first, what it did not take again and again. */
export class Sending {
  readonly #parts: SendingParts;
  readonly #outgoing = new Outgoing();
  readonly #failed: FailedSends;
  #session = 0;
  #told = false;

  constructor(parts: SendingParts) {
    this.#parts = parts;
    this.#failed = new FailedSends(parts.clock, this.#outgoing, (id) => this.add(id, parts.isChange(id)));
  }

  /** A record that the broker may lack. */
  add(id: string, isChange: boolean): void {
    this.#outgoing.add(id, isChange);
    this.run();
  }

  /** As Outgoing.heard. */
  heard(id: string): void {
    this.#outgoing.heard(id);
  }

  /** The connection is another one: all is compared with the broker anew, and what it does not take until then says nothing of it. */
  clear(): void {
    this.#session++;
    this.#outgoing.clear();
    this.#failed.clear();
  }

  /** Sends what may be sent now. */
  run(): void {
    for (let id = this.#outgoing.next(); id !== undefined; id = this.#outgoing.next()) {
      const stamp = this.#parts.due(id);
      if (stamp === undefined) {
        this.#outgoing.skip();
        this.#failed.done(id);
      } else void this.#send(id, stamp, this.#session);
    }
    // Another gate may have sent what this one could not, or the broker took it and was late to say so.
    if (this.#outgoing.idle) this.#tellWell();
  }

  async #send(id: string, stamp: string, session: number): Promise<void> {
    const { name, log, publish, onTaken, onFailed, isChange, onProblem } = this.#parts;
    let taken = false;
    try {
      await publish(id, stamp);
      taken = true;
      if (session === this.#session) {
        onTaken(id, stamp);
        this.#failed.done(id);
        this.#tellWell();
      }
    } catch (thrown) {
      log.warn({ id, err: explain(thrown) }, `a record of ${name} was not shared with the site yet`);
      onFailed(id);
      if (session === this.#session) {
        this.#told = true;
        onProblem(`${name}-not-shared: ${messageOf(thrown)}`);
        this.#failed.add(id, isChange(id));
      }
    }
    this.#outgoing.sent(taken);
    this.run();
  }

  #tellWell(): void {
    if (!this.#told || !this.#failed.none) return;
    this.#told = false;
    this.#parts.onProblem(undefined);
  }
}
