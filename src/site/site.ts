import type { MonotonicMs, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { BrokerWatch } from './broker/broker-watch.js';
import { watchRefusals } from './broker/refusals.js';
import { SkippedMessages } from './broker/skipped-messages.js';
import { InfoReader } from './info/info-reader.js';
import { signedInfo } from './info/sign-info.js';
import { KeysTopic } from './keys-topic.js';
import { LIMITS } from './limits.js';
import type { Packet, Unlisten } from './link/link.js';
import { RequestServer } from './requests/request-server.js';
import { RetainedTopic } from './retained-topic.js';
import type { SiteParts, SiteState } from './site-parts.js';
import { SiteSync } from './sync/site-sync.js';
import { parseTopic, type Topics, topicsOf } from './topics.js';

/** A denied or unanswered subscription is tried again after this time. */
const SUBSCRIBE_RETRY_MS = 5_000;
/** A broker that is started anew is back by then. */
const AWAY_MS = 10_000;
const MINUTE_MS = 60_000;

/**
 * This gate's part in its site: requests in; state, info and events out; people and passages both ways. Everything here returns
 * at once and never throws into the gate. Without a broker no Site is made.
 */
export class Site {
  readonly #parts: SiteParts;
  readonly #topics: Topics;
  readonly #requestServer: RequestServer;
  readonly #keysTopic: KeysTopic | undefined;
  readonly #sync: SiteSync;
  readonly #broker: BrokerWatch;
  readonly #skipped: SkippedMessages;
  readonly #stateTopic: RetainedTopic;
  readonly #infoTopic: RetainedTopic;
  /** One entry for each part that can have a problem. */
  readonly #problems = new Map<string, string>();
  #unlisten: readonly Unlisten[] = [];
  #state: SiteState | undefined;
  #info: Readonly<Record<string, unknown>> | undefined;
  #subscribeTimer: Timer | undefined;
  #minuteTimer: Timer | undefined;
  #stopped = false;
  #downSince: MonotonicMs;

  constructor(given: SiteParts) {
    const { names, clock, log, outbox, keys } = given;
    const link = watchRefusals(given.link, (part, text) => this.#problem(part, text));
    const parts = { ...given, link };
    this.#parts = parts;
    this.#downSince = clock.monotonic();
    this.#topics = topicsOf(names);
    this.#keysTopic =
      keys &&
      new KeysTopic({
        link,
        topic: this.#topics.keys,
        keys,
        clock,
        log,
        onTaken: () => this.#onKeys(),
        onProblem: (text) => this.#problem('keys', text),
      });
    this.#stateTopic = new RetainedTopic(this.#topics.state, parts);
    this.#infoTopic = new RetainedTopic(this.#topics.info, parts);
    const infos = new InfoReader({
      ...names,
      keyring: keys?.keyring,
      monotonic: () => clock.monotonic(),
      now: () => (given.trustedClock.trusted ? clock.wall() : undefined),
    });
    this.#broker = new BrokerWatch({
      ...parts,
      infos,
      topic: this.#topics.info,
      onProblem: (kind, text) => this.#problem(kind, text),
      onForgot: () => outbox.add('broker-forgot'),
      contest: () => this.#infoTopic.up(),
    });
    this.#skipped = new SkippedMessages({ clock, log, onProblem: (text) => this.#problem('skipped', text) });
    outbox.setCarrier({
      publish: (event) => link.publish(this.#topics.event, event, { retain: false, qos: 1 }),
      onProblem: (text) => this.#problem('events', text),
    });
    this.#sync = new SiteSync({
      ...parts,
      infos,
      signed: keys !== undefined,
      topics: this.#topics,
      onRejected: (name, fields) => outbox.add(`${name}-rejected`, fields),
      onSummary: () => this.#publishInfo(),
      onProblem: (part, text) => this.#problem(part, text),
    });
    const handlers = { ...parts.handlers, resync: () => this.#sync.resync() };
    this.#requestServer = new RequestServer({ ...parts, handlers, keyring: keys?.keyring });
  }

  /** Whether the broker is connected now. */
  get connected(): boolean {
    return this.#parts.link.up;
  }

  /**
   * What is wrong between this gate and its site, in sentences, for those who stand before this machine: who reads the published state has
   * all but that there is no broker.
   */
  get problems(): readonly string[] {
    const { link, clock } = this.#parts;
    const away = !link.up && clock.monotonic() - this.#downSince >= AWAY_MS;
    return [
      ...(away ? [`no broker, requests are not heard and events wait: ${link.trouble ?? 'it does not answer'}`] : []),
      ...(this.#parts.keys?.problems ?? []),
      ...this.#problems.values(),
    ];
  }

  start(): void {
    const { link, outbox } = this.#parts;
    this.#unlisten = [
      link.onMessage((packet) => this.#onMessage(packet)),
      link.onUp(() => this.#onUp()),
      link.onDown((why) => this.#onDown(why)),
      link.onOversized((message) => this.#skipped.skipped(message)),
    ];
    // As long as the link lives: the last events are delivered after the stop.
    link.onUp(() => outbox.up());
    link.onDown(() => outbox.down());
    this.#sync.start();
    this.#eachMinute();
    link.start();
  }

  /** Receives and shares nothing from here on. The link stays up for the last events: see leaveSite. */
  stop(): void {
    this.#stopped = true;
    for (const unlisten of this.#unlisten) unlisten();
    this.#subscribeTimer?.cancel();
    this.#minuteTimer?.cancel();
    this.#keysTopic?.down();
    this.#sync.stop();
    this.#requestServer.stop();
    this.#broker.stop();
    this.#stateTopic.stop();
    this.#infoTopic.stop();
  }

  /** Publishes the gate's state, retained: at once when it changed, at most twice a second, and at each reconnect. */
  state(state: SiteState): void {
    this.#state = state;
    this.#publishState();
  }

  /** Publishes what seldom changes (version, encoder), retained; people and limits are added. */
  info(info: Readonly<Record<string, unknown>>): void {
    this.#info = info;
    this.#publishInfo();
  }

  #onUp(): void {
    this.#keysTopic?.up();
    this.#requestServer.up();
    this.#broker.up(this.#parts.link.packetMax);
    // With the number of this connection; it is sent with the rest.
    this.#publishInfo();
    // A client that reads "online" may send a request at once: so the gate subscribes before it says so.
    void this.#subscribe().then(() => {
      this.#stateTopic.up();
      this.#infoTopic.up();
    });
    this.#sync.up();
  }

  #onDown(why: string): void {
    this.#broker.down(why);
    this.#stateTopic.down();
    this.#infoTopic.down();
    this.#downSince = this.#parts.clock.monotonic();
    this.#subscribeTimer?.cancel();
    this.#keysTopic?.down();
    this.#sync.down();
  }

  async #subscribe(): Promise<void> {
    const { link, clock, log } = this.#parts;
    try {
      await link.subscribe([
        ...(this.#keysTopic ? [this.#topics.keys] : []),
        ...this.#topics.requests,
        // What becomes of this gate's own: see BrokerWatch.
        this.#topics.info,
      ]);
      this.#problem('requests', undefined);
    } catch (thrown) {
      if (!link.up || this.#stopped) return;
      log.error({ err: explain(thrown) }, 'this gate hears no requests');
      this.#problem('requests', `requests-unheard: ${explain(thrown)}`);
      this.#subscribeTimer?.cancel();
      this.#subscribeTimer = clock.after(SUBSCRIBE_RETRY_MS, () => void this.#subscribe());
    }
  }

  #onMessage(packet: Packet): void {
    const topic = parseTopic(this.#parts.names, packet.topic);
    switch (topic?.kind) {
      case 'request':
        this.#requestServer.receive(packet);
        return;
      case 'keys':
        this.#keysTopic?.receive(packet.payload);
        return;
      case 'person':
      case 'passage':
      case 'sync':
      case 'state':
      case 'info':
      case 'digest':
        if (topic.kind === 'info' && topic.gate === this.#parts.names.gate) this.#broker.receive(packet.payload);
        this.#sync.receive(topic, packet.payload);
        return;
      default:
        this.#parts.log.debug({ topic: packet.topic.slice(0, 200) }, 'a message on an unexpected topic');
    }
  }

  /** Others are trusted now. */
  #onKeys(): void {
    this.#sync.trustAnew();
    this.#publishInfo();
    this.#publishState();
  }

  #problem(part: string, text: string | undefined): void {
    if (this.#problems.get(part) === text) return;
    if (text === undefined) this.#problems.delete(part);
    else this.#problems.set(part, text);
    this.#publishState();
  }

  #publishState(): void {
    if (!this.#state) return;
    const own = [...(this.#parts.keys?.problems ?? []), ...this.#problems.values()];
    const problems = [...this.#state.problems, ...own];
    const status = own.length > 0 ? 'degraded' : this.#state.status;
    this.#stateTopic.set(JSON.stringify({ ...this.#state, status, broker: 'connected', problems }));
  }

  #publishInfo(): void {
    const people = this.#sync.summary;
    if (!this.#info || !people) return;
    const { instance } = this.#broker;
    const { keys, names, clock } = this.#parts;
    const list = keys?.keyring.list;
    const trust = keys && { serial: list?.serial ?? null, issued: list?.issued ?? null };
    const info = { ...this.#info, instance, limits: LIMITS, people, keys: trust };
    // As it stands in JSON, without what is undefined: that is what is signed.
    const said = JSON.parse(JSON.stringify(info)) as Readonly<Record<string, unknown>>;
    const text = JSON.stringify(signedInfo(keys?.own, names, said, clock.wall()));
    this.#infoTopic.set(text);
    this.#broker.published(text);
  }

  #eachMinute(): void {
    this.#minuteTimer = this.#parts.clock.after(MINUTE_MS, () => {
      this.#broker.minute();
      this.#skipped.minute();
      // Signed anew: what others heard from this gate long ago counts no more.
      if (this.#parts.keys) this.#publishInfo();
      this.#eachMinute();
    });
  }
}
