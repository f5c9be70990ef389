import type { Clock } from '../../src/kit/clock.js';
import { type Log, silentLog } from '../../src/kit/log.js';
import type { Link, Packet, PublishOptions, Unlisten, Will } from '../../src/site/link/link.js';
import { Listeners } from '../../src/site/link/listeners.js';
import type { Oversized } from '../../src/site/link/packet-filter.js';
import { failure, type Pending, PendingPublishes } from '../../src/site/link/pending-publishes.js';

/** A simulated broker: retained messages, wills, wildcards, answers in order on later turns of the event loop. */
export class MemoryBroker {
  readonly #retained = new Map<string, Packet>();
  readonly #links = new Set<MemoryLink>();
  readonly #clock: Clock;
  readonly #log: Log;
  #running = true;

  constructor(clock: Clock, log: Log = silentLog) {
    this.#clock = clock;
    this.#log = log;
  }

  link(will?: Will): MemoryLink {
    const link = new MemoryLink(this, this.#clock, this.#log, will);
    this.#links.add(link);
    return link;
  }

  get running(): boolean {
    return this.#running;
  }

  /** As after SIGKILL: nobody is told, nothing retained is kept. */
  kill(): void {
    this.#running = false;
    this.#retained.clear();
    for (const link of this.#links) link.lose('the broker was killed', false);
  }

  restart(): void {
    this.#running = true;
    for (const link of this.#links) link.find();
  }

  retained(topic: string): Packet | undefined {
    return this.#retained.get(topic);
  }

  /** For the links. */
  route(packet: Packet): void {
    if (packet.retain && packet.payload.byteLength === 0) this.#retained.delete(packet.topic);
    else if (packet.retain) this.#retained.set(packet.topic, packet);
    for (const link of this.#links) link.deliver(packet);
  }

  /** For the links. */
  keptFor(filter: string): readonly Packet[] {
    return [...this.#retained.values()].filter(({ topic }) => matches(filter, topic));
  }

  /** For the links. */
  forget(link: MemoryLink): void {
    this.#links.delete(link);
  }
}

/** The link to a {@link MemoryBroker}; behaves as the one over MQTT 5 does. */
export class MemoryLink implements Link {
  readonly #broker: MemoryBroker;
  readonly #will: Will | undefined;
  readonly #messages: Listeners<Packet>;
  readonly #ups: Listeners<void>;
  readonly #downs: Listeners<string>;
  readonly #oversized: Listeners<Oversized>;
  readonly #pending: PendingPublishes;
  #filters: readonly string[] = [];
  #state: 'new' | 'running' | 'ended' = 'new';
  #up = false;
  trouble: string | undefined;
  packetMax: number | undefined;

  constructor(broker: MemoryBroker, clock: Clock, log: Log, will: Will | undefined) {
    this.#broker = broker;
    this.#will = will;
    this.#messages = new Listeners(log);
    this.#ups = new Listeners(log);
    this.#downs = new Listeners(log);
    this.#oversized = new Listeners(log);
    this.#pending = new PendingPublishes(clock);
  }

  get up(): boolean {
    return this.#up;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.find();
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    if (this.#state === 'ended') return Promise.reject(ended());
    return this.#pending.add(topic, Buffer.from(payload as Uint8Array), options, (entry) => this.#send(entry));
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    await turn();
    if (!this.#up) throw failure('KAIMON_MQTT_DOWN', `cannot subscribe to ${filters[0]}: the broker is away`);
    this.#filters = [...this.#filters.filter((filter) => !filters.includes(filter)), ...filters];
    const kept = filters.flatMap((filter) => this.#broker.keptFor(filter));
    queueMicrotask(() => {
      for (const packet of kept) this.#hear(packet);
    });
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    await turn();
    this.#filters = this.#filters.filter((filter) => !filters.includes(filter));
  }

  onMessage(listener: (packet: Packet) => void): Unlisten {
    return this.#messages.add(listener);
  }

  onUp(listener: () => void): Unlisten {
    return this.#ups.add(listener);
  }

  onDown(listener: (why: string) => void): Unlisten {
    return this.#downs.add(listener);
  }

  onOversized(listener: (message: Oversized) => void): Unlisten {
    return this.#oversized.add(listener);
  }

  /** Simulation: a message that is larger than the link takes was published. */
  skip(message: Oversized): void {
    this.#oversized.notify(message);
  }

  async end(): Promise<void> {
    if (this.#state === 'ended') return;
    await turn();
    this.#state = 'ended';
    this.#up = false;
    this.#broker.forget(this);
    this.#pending.fail(ended());
  }

  /** Simulation: the connection breaks. With `will` the broker notices and sends it. */
  lose(why: string, will = true): void {
    if (!this.#up) return;
    this.#up = false;
    this.#filters = [];
    this.trouble = why;
    if (will && this.#will) {
      this.#broker.route({ topic: this.#will.topic, payload: Buffer.from(this.#will.payload), retain: true });
    }
    this.#downs.notify(why);
  }

  /** Simulation: the connection comes (back). */
  find(): void {
    if (this.#state !== 'running' || this.#up || !this.#broker.running) return;
    queueMicrotask(() => {
      if (this.#state !== 'running' || this.#up || !this.#broker.running) return;
      this.#up = true;
      this.trouble = undefined;
      for (const entry of this.#pending.all()) this.#send(entry);
      this.#ups.notify();
    });
  }

  /** For the broker. */
  deliver(packet: Packet): void {
    if (this.#filters.some((filter) => matches(filter, packet.topic))) queueMicrotask(() => this.#hear(packet));
  }

  #hear(packet: Packet): void {
    if (this.#up) this.#messages.notify(packet);
  }

  #send(entry: Pending): void {
    queueMicrotask(() => {
      if (!this.#up || !this.#pending.has(entry)) return;
      const { retain, responseTopic, correlationData, properties } = entry.options;
      this.#broker.route({
        topic: entry.topic,
        payload: entry.payload,
        retain,
        ...(responseTopic === undefined ? {} : { responseTopic }),
        ...(correlationData === undefined ? {} : { correlationData }),
        ...(properties === undefined ? {} : { properties }),
      });
      entry.settle();
    });
  }
}

const ended = () => failure('KAIMON_MQTT_ENDED', 'the link to the broker was ended');
const turn = () => Promise.resolve();

/** [MQTT-4.7]: "+" is one level, "#" at the end any number. */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const found = topic.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (found[i] === undefined || (level !== '+' && level !== found[i])) return false;
  }
  return wanted.length === found.length;
}
