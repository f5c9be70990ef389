import type { OperatingCode } from '../../errors/catalogue.js';
import type { Clock } from '../../kit/clock.js';
import { OperatingError } from '../../kit/errors.js';
import { PUBLISH_TIMEOUT_MS, type PublishOptions, ROOMS, type Room } from './link.js';

/** A publish that the broker has not acknowledged yet. */
export interface Pending {
  readonly topic: string;
  readonly payload: Buffer;
  readonly options: PublishOptions;
  settle(failure?: OperatingError): void;
}

/** What waits in one room. */
interface Waiting {
  readonly pending: Set<Pending>;
  bytes: number;
}

/**
 * Publishes between the call and the broker's acknowledgement, room by room and oldest first. It outlives connections: what was
 * not acknowledged on one is sent again on the next, as long as its time-out allows.
 */
export class PendingPublishes {
  readonly #clock: Clock;
  readonly #rooms: Readonly<Record<Room, Waiting>> = {
    safety: { pending: new Set(), bytes: 0 },
    answer: { pending: new Set(), bytes: 0 },
    other: { pending: new Set(), bytes: 0 },
    refusal: { pending: new Set(), bytes: 0 },
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the entry is settled. @param entered is called with the entry once it waits @throws (as rejection) KAIMON_MQTT_FULL, …_TIMEOUT */
  add(topic: string, payload: Buffer, options: PublishOptions, entered: (pending: Pending) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const name = options.room ?? 'other';
      const room = this.#rooms[name];
      const { messages, bytes } = ROOMS[name];
      if (room.pending.size >= messages || room.bytes + payload.byteLength > bytes) {
        const waiting = `${room.pending.size} messages (${room.bytes} bytes) already wait for the broker`;
        reject(failure('KAIMON_MQTT_FULL', `${waiting}; ${topic} was not sent`));
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
          if (!room.pending.delete(pending)) return;
          room.bytes -= payload.byteLength;
          timer.cancel();
          if (reason) reject(reason);
          else resolve();
        },
      };
      room.pending.add(pending);
      room.bytes += payload.byteLength;
      entered(pending);
    });
  }

  has(pending: Pending): boolean {
    return this.#rooms[pending.options.room ?? 'other'].pending.has(pending);
  }

  /** In the order of {@link ROOMS}, the oldest of each first. */
  all(): readonly Pending[] {
    return Object.values(this.#rooms).flatMap(({ pending }) => [...pending]);
  }

  /** Fails all that wait. */
  fail(reason: OperatingError): void {
    for (const pending of this.all()) pending.settle(reason);
  }
}

export const failure = (code: OperatingCode, message: string, cause?: unknown): OperatingError =>
  new OperatingError(code, message, cause === undefined ? undefined : { cause });
