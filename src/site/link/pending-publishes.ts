import type { OperatingCode } from '../../errors/catalogue.js';
import type { Clock } from '../../kit/clock.js';
import { OperatingError } from '../../kit/errors.js';
import { PENDING_MAX, PUBLISH_TIMEOUT_MS, type PublishOptions } from './link.js';

/** A publish that the broker has not acknowledged yet. */
export interface Pending {
  readonly topic: string;
  readonly payload: Buffer;
  readonly options: PublishOptions;
  settle(failure?: OperatingError): void;
}

/**
 * Publishes between the call and the broker's acknowledgement, oldest first. It outlives connections: what was
 * not acknowledged on one is sent again on the next, as long as its time-out allows.
 */
export class PendingPublishes {
  readonly #clock: Clock;
  readonly #all = new Set<Pending>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the entry is settled. @param entered is called with the entry once it waits @throws (as rejection) KAIMON_MQTT_FULL, …_TIMEOUT */
  add(topic: string, payload: Buffer, options: PublishOptions, entered: (pending: Pending) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#all.size >= PENDING_MAX) {
        reject(
          failure('KAIMON_MQTT_FULL', `${PENDING_MAX} messages already wait for the broker; ${topic} was not sent`),
        );
        return;
      }
      const timer = this.#clock.after(PUBLISH_TIMEOUT_MS, () =>
        pending.settle(
          failure('KAIMON_MQTT_TIMEOUT', `the broker did not take ${topic} within ${PUBLISH_TIMEOUT_MS / 1000} s`),
        ),
      );
      const pending: Pending = {
        topic,
        payload,
        options,
        settle: (reason) => {
          if (!this.#all.delete(pending)) return;
          timer.cancel();
          if (reason) reject(reason);
          else resolve();
        },
      };
      this.#all.add(pending);
      entered(pending);
    });
  }

  has(pending: Pending): boolean {
    return this.#all.has(pending);
  }

  /** Oldest first. */
  all(): readonly Pending[] {
    return [...this.#all];
  }

  /** Fails all that wait. */
  fail(reason: OperatingError): void {
    for (const pending of this.all()) pending.settle(reason);
  }
}

export const failure = (code: OperatingCode, message: string, cause?: unknown): OperatingError =>
  new OperatingError(code, message, cause === undefined ? undefined : { cause });
