import type { Link, Packet, PublishOptions, Unlisten } from '../../../src/site/link/link.js';
import { parseTopic } from '../../../src/site/topics.js';

/** What a run has sent and received over MQTT, by kind of topic. */
export class Traffic {
  readonly sent = new Map<string, Amount>();
  readonly received = new Map<string, Amount>();
  /** When something about people passed last, by the machine's clock. */
  lastMs = Date.now();

  count(way: Map<string, Amount>, topic: string, bytes: number): void {
    const kind = parseTopic(NAMES, topic)?.kind ?? 'others';
    if (kind !== 'state' && kind !== 'info') this.lastMs = Date.now();
    const amount = way.get(kind) ?? { messages: 0, bytes: 0 };
    way.set(kind, { messages: amount.messages + 1, bytes: amount.bytes + topic.length + bytes });
  }

  /** The totals so far, for a difference later. */
  snapshot(): TrafficTotals {
    return { sent: new Map(this.sent), received: new Map(this.received) };
  }
}

export interface Amount {
  readonly messages: number;
  readonly bytes: number;
}
export interface TrafficTotals {
  readonly sent: ReadonlyMap<string, Amount>;
  readonly received: ReadonlyMap<string, Amount>;
}

const NAMES = { site: 'home', gate: 'x' };
const NOTHING: Amount = { messages: 0, bytes: 0 };

/** What passed since. */
export const since = (now: ReadonlyMap<string, Amount>, before: ReadonlyMap<string, Amount>): Map<string, Amount> =>
  new Map(
    [...now].map(([kind, { messages, bytes }]) => {
      const then = before.get(kind) ?? NOTHING;
      return [kind, { messages: messages - then.messages, bytes: bytes - then.bytes }];
    }),
  );

/** A link whose messages are counted. */
export class CountedLink implements Link {
  readonly #link: Link;
  readonly #traffic: Traffic;

  constructor(link: Link, traffic: Traffic) {
    this.#link = link;
    this.#traffic = traffic;
    link.onMessage(({ topic, payload }) => traffic.count(traffic.received, topic, payload.byteLength));
  }

  get up(): boolean {
    return this.#link.up;
  }

  get packetMax(): number | undefined {
    return this.#link.packetMax;
  }

  get trouble(): string | undefined {
    return this.#link.trouble;
  }

  start(): void {
    this.#link.start();
  }

  publish(topic: string, payload: string | Uint8Array, options: PublishOptions): Promise<void> {
    this.#traffic.count(this.#traffic.sent, topic, Buffer.byteLength(payload));
    return this.#link.publish(topic, payload, options);
  }

  subscribe(filters: readonly string[]): Promise<void> {
    return this.#link.subscribe(filters);
  }

  unsubscribe(filters: readonly string[]): Promise<void> {
    return this.#link.unsubscribe(filters);
  }

  onMessage(listener: (packet: Packet) => void): Unlisten {
    return this.#link.onMessage(listener);
  }

  onUp(listener: () => void): Unlisten {
    return this.#link.onUp(listener);
  }

  onDown(listener: (why: string) => void): Unlisten {
    return this.#link.onDown(listener);
  }

  onOversized(listener: Parameters<Link['onOversized']>[0]): Unlisten {
    return this.#link.onOversized(listener);
  }

  end(): Promise<void> {
    return this.#link.end();
  }
}
