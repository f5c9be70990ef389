import type { Clock, MonotonicMs, Timer } from '../../kit/clock.js';
import { iso } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { Link, Packet, Unlisten } from '../link/link.js';
import type { EventFields } from '../messages.js';
import { RetainedTopic } from '../retained-topic.js';
import { accessEvent } from './access-event.js';
import { CommandServer, type CommandServerParts, type DoorOrders } from './command-server.js';
import { discoveryMessage } from './discovery.js';
import { Insistence } from './insistence.js';
import { commandsOf, type Options } from './options.js';
import { PictureSender } from './picture-sender.js';
import type { Published } from './published-file.js';
import { ShortLived } from './short-lived.js';
import { type CountedFrame, frameRate, type GateFacts, type LastPerson, stateDocument } from './state.js';
import { type HomeAssistantTopics, homeAssistantTopics, statusTopic } from './topics.js';

/** After Home Assistant has started, all gates of a site publish within this time, and not at once. */
const JITTER_MS = 10_000;
/** However often it says that it has started. */
const BIRTH_GAP_MS = 10_000;
/** How often the camera's rate is told, and what changes without anybody saying so. */
const REFRESH_MS = 30_000;

export interface HomeAssistantParts {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly options: Options;
  readonly published: Published;
  readonly facts: () => Omit<GateFacts, 'framesPerSecond'>;
  /** The newest frame that was measured; undefined when there is none. */
  readonly newestFrame: () => CountedFrame | undefined;
  readonly door: DoorOrders;
  readonly pictureMs: number;
  readonly picture: (redact: boolean) => Promise<Buffer | undefined>;
  readonly trustedClock: CommandServerParts['trustedClock'];
  readonly signedOnly: CommandServerParts['signedOnly'];
  /** What keeps Home Assistant from seeing this gate, in sentences for the state. */
  readonly onWarnings: (warnings: readonly string[]) => void;
}

/** This gate in Home Assistant. Everything here returns at once and never throws into the gate. */
export class HomeAssistant {
  readonly #parts: HomeAssistantParts;
  readonly #topics: HomeAssistantTopics;
  readonly #state: RetainedTopic;
  readonly #shortLived: ShortLived;
  readonly #commands: CommandServer;
  readonly #pictures: PictureSender;
  readonly #insistences: readonly Insistence[];
  readonly #discovery: Insistence;
  readonly #warnings = new Map<string, string>();
  #unlisten: readonly Unlisten[] = [];
  #refresh: Timer | undefined;
  #birth: Timer | undefined;
  #publishedMs: MonotonicMs | undefined;
  #frame: CountedFrame | undefined;
  #framesPerSecond: number | undefined;
  #last: LastPerson | undefined;
  #stopped = false;

  constructor(parts: HomeAssistantParts) {
    const { link, options, trustedClock, door, signedOnly, clock, log } = parts;
    this.#parts = parts;
    this.#topics = homeAssistantTopics(options.device);
    this.#state = new RetainedTopic(this.#topics.state, parts);
    this.#shortLived = new ShortLived(parts);
    this.#pictures = new PictureSender({
      everyMs: parts.pictureMs,
      picture: () => parts.picture(options.picture === 'without-faces'),
      wanted: () => options.picture !== 'none' && link.up && parts.facts().sees,
      send: (jpeg) => this.#shortLived.publish(this.#topics.picture, jpeg),
      clock,
      log,
    });
    const offered = commandsOf(options);
    this.#commands = new CommandServer({
      clock,
      log,
      trustedClock,
      offered,
      door,
      signedOnly,
      takePicture: () => this.#pictures.take(),
      tell: (result) => this.#shortLived.publish(this.#topics.result, JSON.stringify(result)),
    });
    const { config, command } = this.#topics;
    this.#discovery = this.#insist(`the broker does not take ${config}`, () => this.#publishDiscovery());
    const status = statusTopic(options.device.prefix);
    this.#insistences = [
      this.#discovery,
      this.#insist(`this gate does not hear ${status}`, () => link.subscribe([status])),
      ...(offered.length === 0
        ? []
        : [
            this.#insist(`this gate does not hear ${command}`, async () => {
              await link.subscribe([command]);
              this.#commands.listening();
            }),
          ]),
    ];
  }

  start(): void {
    const { link, options, published } = this.#parts;
    published.add(options.device);
    this.#unlisten = [
      link.onMessage((packet) => this.#onMessage(packet)),
      link.onUp(() => this.#onUp()),
      link.onDown(() => this.#onDown()),
    ];
    if (options.picture !== 'none') this.#pictures.start();
    this.#refreshLater();
    this.refresh();
    if (link.up) this.#onUp();
  }

  /** Receives and publishes nothing from here on; what is offline says the gate's own state. */
  stop(): void {
    this.#stopped = true;
    for (const unlisten of this.#unlisten) unlisten();
    for (const insistence of this.#insistences) insistence.stop();
    for (const timer of [this.#refresh, this.#birth]) timer?.cancel();
    this.#pictures.stop();
    this.#state.stop();
  }

  /** Publishes the state if it has changed, at most twice a second; may be called at any rate. */
  refresh(): void {
    const facts = { ...this.#parts.facts(), framesPerSecond: this.#framesPerSecond };
    this.#state.set(JSON.stringify(stateDocument(facts, this.#last)));
  }

  /** Something was reported. */
  heard(type: string, fields: EventFields): void {
    if (this.#stopped) return;
    const { options, clock } = this.#parts;
    const event = accessEvent(type, fields, iso(clock.wall()), options.names);
    if (event) {
      this.#last = event.last ?? this.#last;
      this.#shortLived.publish(this.#topics.access, JSON.stringify(event.payload));
    }
    this.refresh();
  }

  #onUp(): void {
    for (const insistence of this.#insistences) insistence.begin();
    this.#state.up();
  }

  #onDown(): void {
    this.#commands.down();
    for (const insistence of this.#insistences) insistence.pause();
    this.#birth?.cancel();
    this.#birth = undefined;
  }

  #onMessage(packet: Packet): void {
    if (packet.topic === this.#topics.command) this.#commands.receive(packet);
    else if (packet.topic === statusTopic(this.#parts.options.device.prefix)) this.#onStatus(packet.payload);
  }

  #onStatus(payload: Uint8Array): void {
    if (this.#birth || payload.byteLength > 16 || Buffer.from(payload).toString('utf8') !== 'online') return;
    const { clock, random } = this.#parts;
    const since = this.#publishedMs === undefined ? BIRTH_GAP_MS : clock.monotonic() - this.#publishedMs;
    this.#birth = clock.after(Math.max(0, BIRTH_GAP_MS - since) + Math.floor(random() * JITTER_MS), () => {
      this.#birth = undefined;
      this.#discovery.begin();
      this.#state.up();
    });
  }

  async #publishDiscovery(): Promise<void> {
    const { link, clock, options } = this.#parts;
    this.#publishedMs = clock.monotonic();
    await link.publish(this.#topics.config, JSON.stringify(discoveryMessage(options)), { retain: true, qos: 1 });
  }

  #insist(failing: string, act: () => Promise<void>): Insistence {
    const { link, clock, log, random, onWarnings } = this.#parts;
    return new Insistence({
      link,
      clock,
      log,
      random,
      failing: `home-assistant: ${failing}`,
      act,
      onTrouble: (text) => {
        if (this.#warnings.get(failing) === text) return;
        if (text === undefined) this.#warnings.delete(failing);
        else this.#warnings.set(failing, text);
        onWarnings([...this.#warnings.values()]);
      },
    });
  }

  #refreshLater(): void {
    const { clock, newestFrame } = this.#parts;
    this.#refresh = clock.after(REFRESH_MS, () => {
      const newest = newestFrame();
      this.#framesPerSecond = frameRate(this.#frame, newest);
      this.#frame = newest;
      this.refresh();
      this.#refreshLater();
    });
  }
}
