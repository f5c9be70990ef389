import { type IPublishPacket, MqttClient } from 'mqtt';
import type { Clock, MonotonicMs, Timer } from '../../kit/clock.js';
import { explain, OperatingError } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { pauseMs, type RetryPlan } from '../../kit/retry.js';
import type { Names } from '../topics.js';
import { askBroker, deniedText, type Question } from './ask-broker.js';
import { connectTrouble, HANGS } from './connect-trouble.js';
import { FilteredSocket, openSocket } from './filtered-socket.js';
import { type Allowance, InFlight } from './in-flight.js';
import type { Link, LinkConfig, Packet, PublishOptions, Unlisten, Will } from './link.js';
import { Listeners } from './listeners.js';
import { brokerUrl, mqttOptions } from './mqtt-options.js';
import { packetOf } from './mqtt-packets.js';
import { type Oversized, PacketFilter, STAND_IN } from './packet-filter.js';
import { failure, PendingPublishes } from './pending-publishes.js';
import { reasonText } from './reason-codes.js';
import { TroubleLog } from './trouble-log.js';

const PAUSES: RetryPlan = { firstMs: 500, factor: 2, maxMs: 30_000, jitter: 0.5 };
/** Only a connection that lasted this long resets the pauses: two gates with one name keep disconnecting each other. */
const STEADY_MS = 60_000;
/** How long the broker has to take the disconnect packet at `end`. */
const GOODBYE_MS = 1_000;
/** Why a connection ended that another client took over, as brokers say that speak MQTT 5 well; Mosquitto 2.0 only closes it. */
export const TAKEN_OVER = 'another client took over this client id: do two gates have the same name?';
/** Reason codes of 3.1.1 and 5 for "not this version". */
const WRONG_VERSION = new Set([1, 132]);

export interface MqttLinkParts {
  readonly config: LinkConfig;
  readonly names: Names;
  readonly will?: Will;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** The link to a real broker. One mqtt.js client serves one connection and is then discarded. */
export class MqttLink implements Link {
  readonly #parts: MqttLinkParts;
  readonly #messageListeners: Listeners<Packet>;
  readonly #upListeners: Listeners<void>;
  readonly #downListeners: Listeners<string>;
  readonly #pending: PendingPublishes;
  readonly #inFlight: InFlight;
  readonly #troubleLog: TroubleLog;
  readonly #oversizedListeners: Listeners<Oversized>;
  #client: MqttClient | undefined;
  #up = false;
  #trouble: string | undefined;
  /** Why this side has ended the connection. */
  #brokenOff: string | undefined;
  #upSince: MonotonicMs | undefined;
  #version: 4 | 5;
  #attempt = 0;
  #retry: Timer | undefined;
  #state: 'new' | 'running' | 'ended' = 'new';

  /**
   * A file of the settings that cannot be read now may be there at a later try; until then it is the link's trouble.
   * @throws OperatingError KAIMON_MQTT_CONFIG: settings that can never work fail before the daemon starts
   */
  constructor(parts: MqttLinkParts) {
    this.#parts = parts;
    this.#version = parts.config.protocol === 'auto' ? 5 : parts.config.protocol;
    this.#messageListeners = new Listeners(parts.log);
    this.#upListeners = new Listeners(parts.log);
    this.#downListeners = new Listeners(parts.log);
    this.#oversizedListeners = new Listeners(parts.log);
    this.#pending = new PendingPublishes(parts.clock);
    this.#inFlight = new InFlight(this.#pending, parts.clock, (seconds) =>
      this.#breakOff(`the broker is connected and has acknowledged nothing for ${seconds} s: ${HANGS}`),
    );
    this.#troubleLog = new TroubleLog(parts.log, parts.clock);
    try {
      mqttOptions(parts.config, parts.names, this.#version, parts.will);
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== 'KAIMON_SECRET') throw thrown;
      // Said at each try to connect.
    }
  }

  get up(): boolean {
    return this.#up;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  get packetMax(): number | undefined {
    return this.#inFlight.packetMax;
  }

  /** The protocol in use: 5, or 4 for 3.1.1. */
  get version(): 4 | 5 {
    return this.#version;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#connect();
  }

  onMessage(listener: (packet: Packet) => void): Unlisten {
    return this.#messageListeners.add(listener);
  }

  onUp(listener: () => void): Unlisten {
    return this.#upListeners.add(listener);
  }

  onDown(listener: (why: string) => void): Unlisten {
    return this.#downListeners.add(listener);
  }

  onOversized(listener: (message: Oversized) => void): Unlisten {
    return this.#oversizedListeners.add(listener);
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    if (this.#state === 'ended') return Promise.reject(ended());
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload);
    return this.#pending.add(topic, bytes, options, () => this.#inFlight.sendWaiting());
  }

  subscribe(filters: readonly string[]): Promise<void> {
    // Retain as published (5 only): a request that was sent with retain is known as such although we were listening.
    const wanted = { qos: 1 as const, ...(this.#version === 5 ? { rap: true } : {}) };
    return this.#askBroker(`subscribe to ${filters[0]}`, (client, done) =>
      client.subscribe([...filters], wanted, (error, granted) => {
        const denied = granted?.find(({ qos }) => qos >= 128);
        done(error ?? (denied ? new Error(deniedText(denied)) : undefined));
      }),
    );
  }

  unsubscribe(filters: readonly string[]): Promise<void> {
    return this.#askBroker(`unsubscribe from ${filters[0]}`, (client, done) =>
      client.unsubscribe([...filters], (error) => done(error ?? undefined)),
    );
  }

  async end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#retry?.cancel();
    const client = this.#client;
    const wasUp = this.#up;
    this.#client = undefined;
    this.#up = false;
    if (client && wasUp) {
      await new Promise<void>((resolve) => {
        const timer = this.#parts.clock.after(GOODBYE_MS, resolve);
        client.end(false, () => {
          timer.cancel();
          resolve();
        });
      });
    }
    client?.end(true);
    this.#pending.fail(ended());
  }

  #connect(): void {
    const { config, names, will, log } = this.#parts;
    let client: MqttClient;
    let why = 'the connection was closed';
    let refusedVersion = false;
    let code: string | number | undefined;
    let firstByte: number | undefined;
    try {
      const options = mqttOptions(config, names, this.#version, will);
      const socket = openSocket(brokerUrl(config.url), options);
      socket.once('data', (chunk: Buffer) => {
        firstByte = chunk[0];
      });
      const filtered = new FilteredSocket(socket, new PacketFilter(this.#version), {
        onOversized: (message) => this.#oversizedListeners.notify(message),
        onBroken: (sentence) => {
          why = sentence;
        },
      });
      client = new MqttClient(() => filtered, options);
    } catch (thrown) {
      this.#trouble = explain(thrown);
      log.error({ err: this.#trouble }, 'cannot prepare the connection to the broker');
      this.#connectIn(this.#pause());
      return;
    }
    this.#client = client;
    client.on('connect', ({ properties = {} }) => this.#onConnect(client, properties));
    client.on('message', (_topic, _payload, packet) => this.#onPublish(client, packet));
    client.on('disconnect', ({ reasonCode }) => {
      const told = reasonText(reasonCode) ?? `code ${reasonCode}`;
      why = reasonCode === 142 ? TAKEN_OVER : `the broker ended the connection: ${told}`;
    });
    client.on('error', (error) => {
      code = 'code' in error && error.code !== undefined ? error.code : code;
      refusedVersion = typeof code === 'number' && WRONG_VERSION.has(code) && !this.#up;
      why = explain(error);
      // After a packet that cannot be read mqtt.js reads no other, and keeps the connection.
      if (this.#up) client.stream.destroy();
    });
    client.on('close', () => {
      const encrypted = config.url.startsWith('mqtts:');
      const failed = { why, code, encrypted, firstByte, named: config.username !== undefined };
      this.#onClose(client, this.#up ? why : connectTrouble(failed), refusedVersion);
    });
  }

  /** Ends the connection of the moment; the next one is tried as always. */
  #breakOff(why: string): void {
    if (!this.#client) return;
    this.#brokenOff = why;
    this.#client.stream.destroy();
  }

  #onConnect(client: MqttClient, allowed: Allowance): void {
    if (client !== this.#client) return;
    this.#up = true;
    this.#trouble = undefined;
    this.#upSince = this.#parts.clock.monotonic();
    this.#troubleLog.connected(this.#version === 5 ? '5' : '3.1.1');
    this.#inFlight.begin(client, this.#version, allowed);
    this.#upListeners.notify();
  }

  #onPublish(client: MqttClient, packet: IPublishPacket): void {
    if (client === this.#client && packet.topic !== STAND_IN) this.#messageListeners.notify(packetOf(packet));
  }

  #onClose(client: MqttClient, found: string, refusedVersion: boolean): void {
    // Before mqtt.js calls what is on its way failed: it is sent again on the next connection.
    if (client === this.#client) this.#inFlight.end();
    // mqtt.js keeps timers and may still emit errors; without a listener those would end the process.
    client.removeAllListeners();
    client.on('error', (error) => this.#parts.log.debug({ err: explain(error) }, 'from a closed connection'));
    client.end(true);
    if (client !== this.#client) return;
    this.#client = undefined;
    const wasUp = this.#up;
    const why = this.#brokenOff ?? found;
    this.#brokenOff = undefined;
    this.#up = false;
    if (refusedVersion && this.#version === 5 && this.#parts.config.protocol === 'auto') {
      this.#parts.log.info({}, 'the broker does not speak MQTT 5; trying 3.1.1');
      this.#version = 4;
      this.#connectIn(0);
      return;
    }
    this.#trouble = why;
    const lastedMs = this.#upSince === undefined ? 0 : this.#parts.clock.monotonic() - this.#upSince;
    this.#upSince = undefined;
    if (lastedMs >= STEADY_MS) this.#attempt = 0;
    const pause = this.#pause();
    this.#troubleLog.tell(why, pause, wasUp);
    if (wasUp) this.#downListeners.notify(why);
    this.#connectIn(pause);
  }

  #pause(): number {
    return pauseMs(PAUSES, this.#attempt++, (this.#parts.random ?? Math.random)());
  }

  #connectIn(ms: number): void {
    if (this.#state !== 'running') return;
    this.#retry = this.#parts.clock.after(ms, () => this.#connect());
  }

  #askBroker(what: string, ask: Question): Promise<void> {
    const client = this.#up ? this.#client : undefined;
    return askBroker({ client, clock: this.#parts.clock, onDown: (listener) => this.onDown(listener) }, what, ask);
  }
}

const ended = () => failure('KAIMON_MQTT_ENDED', 'the link to the broker was ended');
