import type { Oversized } from './packet-filter.js';

/** A message as it arrived. `responseTopic` and below exist with MQTT 5 only. */
export interface Packet {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** With MQTT 5 also true for a message that was published with retain while this gate was listening. */
  readonly retain: boolean;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface PublishOptions {
  readonly retain: boolean;
  readonly qos: 0 | 1;
  /** Whose place it takes among those that wait; `other` where nothing is given. */
  readonly room?: Room;
  readonly expirySeconds?: number;
  readonly correlationData?: Uint8Array;
  /** Only for requests to other clients (tests, command line). */
  readonly responseTopic?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** What the broker publishes, retained, when the connection breaks. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
}

/** Removes a listener. */
export type Unlisten = () => void;

/**
 * Port: the connection to the site's broker. It connects and reconnects by itself and never gives up. It does not remember
 * subscriptions: the caller subscribes again at each `onUp`.
 */
export interface Link {
  /** Begins to connect; returns at once. */
  start(): void;
  /** Whether the broker is connected. */
  readonly up: boolean;
  /** Why the broker could not be reached, or was lost; undefined while it is connected, and before that is known. */
  readonly trouble: string | undefined;
  /** The largest packet in bytes that the broker takes, as far as is known; undefined: no bound is known. MQTT 3.1.1 does not tell. */
  readonly packetMax: number | undefined;
  /**
   * Resolves when the broker has acknowledged (QoS 1) or the bytes are on their way (QoS 0). While the broker is away
   * the message waits, at most {@link PUBLISH_TIMEOUT_MS} and in its {@link ROOMS room}. A broken connection may deliver it twice.
   * @throws OperatingError KAIMON_MQTT_TIMEOUT, KAIMON_MQTT_FULL, KAIMON_MQTT_REFUSED, KAIMON_MQTT_ENDED
   */
  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void>;
  /** @throws OperatingError KAIMON_MQTT_DOWN, KAIMON_MQTT_TIMEOUT, KAIMON_MQTT_REFUSED */
  subscribe(filters: readonly string[]): Promise<void>;
  /** @throws OperatingError KAIMON_MQTT_DOWN, KAIMON_MQTT_TIMEOUT, KAIMON_MQTT_REFUSED */
  unsubscribe(filters: readonly string[]): Promise<void>;
  onMessage(listener: (packet: Packet) => void): Unlisten;
  onUp(listener: () => void): Unlisten;
  onDown(listener: (why: string) => void): Unlisten;
  /** A message was larger than this side takes, or had more properties: it is acknowledged, and no listener hears it. */
  onOversized(listener: (message: Oversized) => void): Unlisten;
  /** Disconnects properly, so that the will is not sent. Safe to call twice; waiting publishes fail. */
  end(): Promise<void>;
}

/**
 * Publishes that wait for the broker at one time: each kind has room of its own, so that none keeps another out, and goes in this order.
 * `safety`: answers to those who move the door or remove somebody; `answer`: of work that was done; `other`: events, records, state;
 * `refusal`: of what was not done.
 */
export const ROOMS = {
  safety: { messages: 64, bytes: 1024 * 1024 },
  answer: { messages: 512, bytes: 64 * 1024 * 1024 },
  other: { messages: 128, bytes: 128 * 1024 * 1024 },
  refusal: { messages: 256, bytes: 1024 * 1024 },
} as const;
export type Room = keyof typeof ROOMS;
export const PUBLISH_TIMEOUT_MS = 10_000;

/** Section `mqtt` of the config. */
export interface LinkConfig {
  /** `mqtt://host:1883` or `mqtts://host:8883`; no user or password in it. */
  readonly url: string;
  /** `auto`: MQTT 5, and 3.1.1 where the broker refuses 5. */
  readonly protocol: 'auto' | 5 | 4;
  readonly clientId?: string | undefined;
  readonly username?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly keepaliveSeconds: number;
}
