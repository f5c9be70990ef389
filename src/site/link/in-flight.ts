import type { MqttClient } from 'mqtt';
import type { Clock, MonotonicMs, Timer } from '../../kit/clock.js';
import { messageOf } from '../../kit/errors.js';
import { publishOptions } from './mqtt-packets.js';
import { failure, type Pending, type PendingPublishes } from './pending-publishes.js';
import { reasonText } from './reason-codes.js';

/** Unacknowledged publishes on one connection, where the broker names no smaller number. */
const IN_FLIGHT_MAX = 64;
/** Of these, kept for answers of safety verbs where there are more than four times as many. */
const SAFETY_MAX = 2;
/** A broker that acknowledges nothing for so long although something waits is taken for one that hangs. */
const STALL_MS = 60_000;
/** What every broker takes: only of a larger message it is the size that is suspected when connections break. */
const SMALL_BYTES = 16 * 1024;
/** So many broken connections with the same message on its way are no chance: it is not sent again. */
const BREAKS_MAX = 3;
/** What was learned so is tried again after this time: somebody may have raised the limit. */
const LEARNED_MS = 10 * 60_000;
/** Topic, properties and header: what a packet has beside its payload, and more. */
const AROUND_PAYLOAD = 1_024;

/** What a broker allows on one connection, as it greets (MQTT 5). */
export interface Allowance {
  readonly receiveMaximum?: number | undefined;
  readonly maximumPacketSize?: number | undefined;
}

interface Connection {
  readonly client: Pick<MqttClient, 'publish'>;
  readonly version: 4 | 5;
  readonly quota: number;
  readonly packetMax: number | undefined;
}

/** Sends what waits over the connection of the moment: oldest first, no more unacknowledged than the broker allows, nothing larger than it takes. */
export class InFlight {
  readonly #pending: PendingPublishes;
  readonly #clock: Clock;
  readonly #onStalled: (seconds: number) => void;
  /** Entries sent on this connection and not acknowledged, those whose time-out has passed included. */
  readonly #sent = new Set<Pending>();
  /** How often a connection broke while an entry was on its way. */
  readonly #breaks = new WeakMap<Pending, number>();
  /** Bytes of a message that broke connections, and when that was. */
  #learned: { readonly bytes: number; readonly atMs: MonotonicMs } | undefined;
  #connection: Connection | undefined;
  #stall: Timer | undefined;

  /** @param onStalled the broker acknowledges nothing any more */
  constructor(pending: PendingPublishes, clock: Clock, onStalled: (seconds: number) => void) {
    this.#pending = pending;
    this.#clock = clock;
    this.#onStalled = onStalled;
  }

  /** The largest packet that the broker takes, as it says or as broken connections have taught; undefined: no bound is known. */
  get packetMax(): number | undefined {
    const said = this.#connection?.packetMax;
    const learned = this.#learned && this.#clock.monotonic() - this.#learned.atMs < LEARNED_MS;
    const taught = learned ? this.#learned?.bytes : undefined;
    return said === undefined || taught === undefined ? (said ?? taught) : Math.min(said, taught);
  }

  begin(client: Pick<MqttClient, 'publish'>, version: 4 | 5, allowed: Allowance): void {
    const quota = Math.min(allowed.receiveMaximum ?? IN_FLIGHT_MAX, IN_FLIGHT_MAX);
    this.#sent.clear();
    this.#connection = { client, version, quota, packetMax: allowed.maximumPacketSize };
    this.sendWaiting();
  }

  /** The connection is gone. What was not acknowledged is sent again on the next, unless it is what breaks them. */
  end(): void {
    this.#connection = undefined;
    this.#stall?.cancel();
    this.#stall = undefined;
    for (const entry of this.#sent) {
      if (!this.#pending.has(entry)) continue;
      const bytes = entry.payload.byteLength;
      const breaks = (this.#breaks.get(entry) ?? 0) + 1;
      this.#breaks.set(entry, breaks);
      if (breaks < BREAKS_MAX) continue;
      const broke = `the connection broke ${breaks} times while it was on its way`;
      if (bytes <= SMALL_BYTES) {
        // Mosquitto 2.0 closes after a refusal if max_queued_messages is 0, and before its reason has arrived.
        const denied = `${entry.topic} was not taken: ${broke}: does the broker's access list deny it?`;
        entry.settle(failure('KAIMON_MQTT_REFUSED', denied));
        continue;
      }
      this.#learned = { bytes, atMs: this.#clock.monotonic() };
      entry.settle(this.#tooLarge(entry, broke));
    }
    this.#sent.clear();
  }

  /** In order, no more unacknowledged than the broker allows [MQTT-3.3.4-7]; mqtt.js does not count them. */
  sendWaiting(): void {
    const connection = this.#connection;
    if (!connection) return;
    const { quota } = connection;
    const others = quota > 4 * SAFETY_MAX ? quota - SAFETY_MAX : quota;
    for (const entry of this.#pending.all()) {
      if (this.#sent.size >= (entry.options.room === 'safety' ? quota : others)) return;
      if (!this.#sent.has(entry)) this.#send(connection, entry);
    }
  }

  #send(connection: Connection, entry: Pending): void {
    const most = this.packetMax;
    if (
      most !== undefined &&
      entry.payload.byteLength + AROUND_PAYLOAD > most &&
      entry.payload.byteLength > AROUND_PAYLOAD
    ) {
      entry.settle(this.#tooLarge(entry, `it takes ${most}`));
      return;
    }
    this.#sent.add(entry);
    this.#watch();
    connection.client.publish(
      entry.topic,
      entry.payload,
      publishOptions(entry.options, connection.version),
      (error) => {
        // The connection broke: the entry waits for the next one, until its time-out.
        if (connection !== this.#connection) return;
        this.#sent.delete(entry);
        this.#stall?.cancel();
        this.#stall = undefined;
        if (this.#sent.size > 0) this.#watch();
        entry.settle(error && failure('KAIMON_MQTT_REFUSED', refusal(entry.topic, error), error));
        this.sendWaiting();
      },
    );
  }

  #watch(): void {
    this.#stall ??= this.#clock.after(STALL_MS, () => this.#onStalled(STALL_MS / 1000));
  }

  #tooLarge({ topic, payload }: Pending, why: string) {
    const advice = reasonText(149);
    return failure(
      'KAIMON_MQTT_REFUSED',
      `the broker does not take ${payload.byteLength} bytes for ${topic} (${why}): ${advice}`,
    );
  }
}

function refusal(topic: string, error: Error): string {
  const reason = reasonText('code' in error ? error.code : undefined);
  return `the broker refused ${topic}: ${reason ?? messageOf(error)}`;
}
