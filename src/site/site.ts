import type { SiteKeys } from '../keys/open-keys.js';
import type { Clock, MonotonicMs, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { Passage } from '../passback/passback.js';
import type { SiteRecord } from '../store/merge.js';
import { BrokerWatch } from './broker/broker-watch.js';
import { watchRefusals } from './broker/refusals.js';
import { KeysTopic } from './keys-topic.js';
import { LIMITS } from './limits.js';
import type { Link, Packet, Unlisten } from './link/link.js';
import type { Instance } from './messages.js';
import type { Outbox } from './outbox.js';
import { type GateHandlers, RequestServer, type RequestServerParts } from './requests/request-server.js';
import { Resync } from './resync.js';
import { RetainedTopic } from './retained-topic.js';
import type { PassageSource } from './sync/passage-records.js';
import { Peers } from './sync/peers.js';
import { type PeopleSource, type PeopleSummary, summaryOf } from './sync/people-records.js';
import { RecordSync } from './sync/record-sync.js';
import type { SharedRecords } from './sync/shared-records.js';
import { siteRecords } from './sync/site-records.js';
import { type Names, parseTopic, type Topics, topicsOf } from './topics.js';

/** The state that the gate publishes; the site adds `broker` and problems of its own. */
export interface SiteState {
  readonly status: 'online' | 'degraded';
  readonly door: { readonly mode: string; readonly state: string };
  readonly camera: string;
  readonly eye: string;
  readonly problems: readonly string[];
}

export interface SiteParts {
  readonly link: Link;
  readonly names: Names;
  /** This machine, and this run of the daemon. */
  readonly instance: Pick<Instance, 'machine' | 'boot'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Events; those from before the site was made wait in it. */
  readonly outbox: Outbox;
  readonly people: PeopleSource;
  /** Where people are, as the site's gates share it; undefined if anti-passback is off. */
  readonly passages?: PassageSource | undefined;
  readonly handlers: GateHandlers;
  readonly requests: RequestServerParts['requests'];
  readonly trustedClock: RequestServerParts['trustedClock'];
  /** The keys of the site; undefined where nothing is signed. */
  readonly keys?: SiteKeys | undefined;
  /** See {@link RequestServerParts.written}. */
  readonly written: RequestServerParts['written'];
}

/** A denied or unanswered subscription is tried again after this time. */
const SUBSCRIBE_RETRY_MS = 5_000;
/** While people change they are counted again at most so often. */
const SUMMARY_MS = 2_000;
const PEERS_MS = 60_000;
/** A broker that is started anew is back by then. */
const AWAY_MS = 10_000;

/**
 * This gate's part in its site: requests in; state, info and events out; people and passages both ways. Everything here returns
 * at once and never throws into the gate. Without a broker no Site is made.
 */
export class Site {
  readonly #parts: SiteParts;
  readonly #topics: Topics;
  readonly #requestServer: RequestServer;
  readonly #keysTopic: KeysTopic | undefined;
  readonly #people: RecordSync<SiteRecord>;
  readonly #passages: RecordSync<Passage> | undefined;
  readonly #syncs: readonly Pick<RecordSync<Passage>, 'up' | 'down' | 'stop' | 'receiveMarker' | 'settled'>[];
  readonly #resync: Resync<PeopleSummary>;
  readonly #peers = new Peers();
  readonly #broker: BrokerWatch;
  readonly #stateTopic: RetainedTopic;
  readonly #infoTopic: RetainedTopic;
  /** One entry for each part that can have a problem. */
  readonly #problems = new Map<string, string>();
  #unlisten: readonly Unlisten[] = [];
  #state: SiteState | undefined;
  #info: Readonly<Record<string, unknown>> | undefined;
  #summary: PeopleSummary | undefined;
  #summaryTimer: Timer | undefined;
  #peersTimer: Timer | undefined;
  #subscribeTimer: Timer | undefined;
  #stopped = false;
  #downSince: MonotonicMs;

  constructor(given: SiteParts) {
    const { names, clock, log, outbox, people, passages, keys } = given;
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
    this.#broker = new BrokerWatch({
      ...parts,
      topic: this.#topics.info,
      onProblem: (kind, text) => this.#problem(kind, text),
      onForgot: () => outbox.add('broker-forgot'),
      contest: () => this.#infoTopic.up(),
    });
    outbox.setCarrier({
      publish: (event) => link.publish(this.#topics.event, event, { retain: false, qos: 1 }),
      onProblem: (text) => this.#problem('events', text),
    });
    const shared = <R extends { readonly version: string }>(records: SharedRecords<R>) =>
      new RecordSync({
        link,
        records,
        marker: this.#topics.sync,
        clock,
        log,
        onRejected: (fields) => outbox.add(`${records.name}-rejected`, fields),
        onProblem: (text) => this.#problem(records.name, text),
      });
    const records = siteRecords({ names, topics: this.#topics, people, passages, keys });
    this.#people = shared(records.people);
    this.#passages = records.passages && shared(records.passages);
    this.#syncs = [this.#people, ...(this.#passages ? [this.#passages] : [])];
    this.#resync = new Resync({ clock, syncs: this.#syncs, summary: () => summaryOf(people) });
    const resync = () => this.#resync.run();
    const handlers = { ...parts.handlers, resync };
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
    const { link, outbox, people } = this.#parts;
    this.#unlisten = [
      link.onMessage((packet) => this.#onMessage(packet)),
      link.onUp(() => this.#onUp()),
      link.onDown((why) => this.#onDown(why)),
      people.onChange(() => this.#countLater()),
    ];
    // As long as the link lives: the last events are delivered after the stop.
    link.onUp(() => outbox.up());
    link.onDown(() => outbox.down());
    this.#checkPeers();
    link.start();
  }

  /** Receives and shares nothing from here on. The link stays up for the last events: see leaveSite. */
  stop(): void {
    this.#stopped = true;
    for (const unlisten of this.#unlisten) unlisten();
    for (const timer of [this.#summaryTimer, this.#peersTimer, this.#subscribeTimer]) timer?.cancel();
    this.#keysTopic?.down();
    for (const sync of this.#syncs) sync.stop();
    this.#resync.stop();
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
    this.#peers.forget();
    this.#keysTopic?.up();
    this.#broker.up(this.#parts.link.packetMax);
    // With the number of this connection; it is sent with the rest.
    this.#publishInfo();
    // A client that reads "online" may send a request at once: so the gate subscribes before it says so.
    void this.#subscribe().then(() => {
      this.#stateTopic.up();
      this.#infoTopic.up();
    });
    for (const sync of this.#syncs) sync.up();
  }

  #onDown(why: string): void {
    this.#broker.down(why);
    this.#stateTopic.down();
    this.#infoTopic.down();
    this.#downSince = this.#parts.clock.monotonic();
    this.#subscribeTimer?.cancel();
    this.#keysTopic?.down();
    for (const sync of this.#syncs) sync.down();
  }

  async #subscribe(): Promise<void> {
    const { link, clock, log } = this.#parts;
    try {
      await link.subscribe([
        ...(this.#keysTopic ? [this.#topics.keys] : []),
        ...this.#topics.requests,
        ...this.#topics.peers,
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
        this.#people.receive(topic.id, packet.payload);
        return;
      case 'passage':
        this.#passages?.receive(topic.id, packet.payload);
        return;
      case 'sync':
        for (const sync of this.#syncs) sync.receiveMarker(packet.payload);
        return;
      case 'state':
      case 'info':
        if (topic.gate !== this.#parts.names.gate) this.#peers.receive(topic.kind, topic.gate, packet.payload);
        else if (topic.kind === 'info') this.#broker.receive(packet.payload);
        return;
      default:
        this.#parts.log.debug({ topic: packet.topic.slice(0, 200) }, 'a message on an unexpected topic');
    }
  }

  /** Others may be trusted now: what was refused is looked at once more. */
  #onKeys(): void {
    if (this.#parts.link.up) for (const sync of this.#syncs) sync.up();
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
    if (!this.#info) return;
    this.#summary ??= summaryOf(this.#parts.people);
    const { instance } = this.#broker;
    const list = this.#parts.keys?.keyring.list;
    const keys = this.#parts.keys && { serial: list?.serial ?? null, issued: list?.issued ?? null };
    this.#infoTopic.set(JSON.stringify({ ...this.#info, instance, limits: LIMITS, people: this.#summary, keys }));
    this.#broker.published();
  }

  #countLater(): void {
    this.#summaryTimer ??= this.#parts.clock.after(SUMMARY_MS, () => {
      this.#summaryTimer = undefined;
      this.#summary = undefined;
      this.#publishInfo();
    });
  }

  #checkPeers(): void {
    this.#peersTimer = this.#parts.clock.after(PEERS_MS, () => {
      this.#problem('peers', this.#peers.differing(this.#summary ?? summaryOf(this.#parts.people)));
      this.#broker.minute();
      this.#checkPeers();
    });
  }
}
