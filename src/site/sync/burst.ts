import { randomBytes } from 'node:crypto';
import type { Clock, MonotonicMs } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import { PEOPLE_MAX } from '../../person/person.js';
import type { Link } from '../link/link.js';

/** A burst is over when the gate's own marker has come back and nothing else has arrived for this long. */
const QUIET_MS = 250;
const STEP_MS = 25;
/** If the marker does not come back (no right to the topic?), a burst is over after this time of quiet. */
const MARKER_MS = 10_000;
/**
 * A burst that goes on so long after the marker has come back is none: somebody writes on these topics without end. Only one who may write records
 * can do so, ever new ones; and a slow link may take so long for thousands.
 */
const ENDLESS_MS = 60_000;
/** Ids that are told apart; a record of any other does not prolong the burst. */
const HEARD_MAX = 3 * PEOPLE_MAX;

export interface BurstParts {
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the marker is sent; the gate must have subscribed to it. */
  readonly topic: string;
  /** Distinguishes the markers of several bursts on one topic. */
  readonly name: string;
}

/**
 * Finds out when all retained messages of a subscription have arrived, which MQTT does not report. The gate sends a marker
 * to itself after subscribing: with Mosquitto it comes back after the retained messages; with aedes it may overtake them,
 * so some quiet time is needed as well.
 */
export class Burst {
  readonly #parts: BurstParts;
  #lastReceivedMs = 0;
  /** The broker gives each retained record once. */
  readonly #heard = new Set<string>();
  /** Nobody who does not hear the markers can send them. */
  readonly #nonce = randomBytes(8).toString('hex');
  /** Numbers of the newest marker that was sent, and of the newest that came back. */
  #sent = 0;
  #back = 0;

  constructor(parts: BurstParts) {
    this.#parts = parts;
  }

  /** A record that could be read arrived. One of an id that was heard in this burst is none of the burst. */
  received(id: string): void {
    if (this.#heard.has(id) || this.#heard.size >= HEARD_MAX) return;
    this.#heard.add(id);
    this.#lastReceivedMs = this.#parts.clock.monotonic();
  }

  /** A message arrived on the marker's topic. */
  receiveMarker(payload: Uint8Array): void {
    const text = Buffer.from(payload).toString('latin1');
    const mine = this.#marker('');
    if (!text.startsWith(mine)) return;
    const token = Number(text.slice(mine.length));
    if (token > this.#back && token <= this.#sent) this.#back = token;
  }

  /**
   * Resolves when the burst is over, or as soon as `stale` returns true: the answer is no longer needed.
   * @throws OperatingError as Link.publish
   */
  async over(stale: () => boolean): Promise<void> {
    const { link, clock, log, topic } = this.#parts;
    const token = ++this.#sent;
    const began = clock.monotonic();
    this.#heard.clear();
    this.#lastReceivedMs = began;
    let backAt: MonotonicMs | undefined;
    await link.publish(topic, this.#marker(token), { retain: false, qos: 1 });
    for (;;) {
      await new Promise<void>((resolve) => clock.after(STEP_MS, resolve));
      const now = clock.monotonic();
      if (stale()) return;
      const quiet = now - this.#lastReceivedMs >= QUIET_MS;
      if (this.#back >= token) {
        backAt ??= now;
        if (quiet || now - backAt >= ENDLESS_MS) return;
      }
      if (quiet && now - began >= MARKER_MS) {
        log.warn({}, `nothing comes back from ${topic}: give this gate the right to read and write it`);
        return;
      }
    }
  }

  #marker(token: number | ''): string {
    return `${this.#parts.name} ${this.#nonce} ${token}`;
  }
}
