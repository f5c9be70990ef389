import type { Clock, Timer } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { pauseMs } from '../../kit/retry.js';
import { PEOPLE_MAX } from '../../person/person.js';
import type { Link } from '../link/link.js';
import type { EventFields } from '../messages.js';
import { AtBroker } from './at-broker.js';
import { Burst } from './burst.js';
import { Merging } from './merging.js';
import { Rejections } from './rejections.js';
import { Repeats } from './repeats.js';
import { PAUSES } from './sending/failed-sends.js';
import { refillOrder } from './sending/refill-order.js';
import { Sending } from './sending/sending.js';
import type { SharedRecords } from './shared-records.js';

/** Ids of local changes that are remembered. */
const CHANGED_MAX = 2 * PEOPLE_MAX;
/** Topics asked for by name at one time: below Mosquitto's default queue of 1,000, beyond which it drops silently. */
const BATCH = 500;

export interface RecordSyncParts<R> {
  readonly link: Link;
  readonly records: SharedRecords<R>;
  /** The gate's own `sync` topic. */
  readonly marker: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Records were not taken. */
  readonly onRejected: (fields: EventFields) => void;
  /** A sentence for the state; undefined when all is well again. */
  readonly onProblem: (text: string | undefined) => void;
}

/**
 * Keeps this gate's records and the broker's retained ones equal: the newest of each id wins, removals are records
 * too, and a record is only ever replaced by a newer one.
 */
export class RecordSync<R extends { readonly version: string }> {
  readonly #parts: RecordSyncParts<R>;
  readonly #rejections: Rejections;
  readonly #burst: Burst;
  readonly #unlisten: () => void;
  readonly #atBroker: AtBroker;
  readonly #merging: Merging<R>;
  /** Ids that were cleared on this connection, once each: with a gate that does not know of the removal yet this one would never stop. */
  readonly #cleared = new Set<string>();
  /** Ids whose record is sent although the broker has it: another gate missed it. */
  readonly #forced = new Set<string>();
  /** Ids that were changed here since the start: they are never held back. At most {@link CHANGED_MAX}. */
  readonly #changed = new Set<string>();
  /** Ids whose known record was written anew on this connection. At most {@link CHANGED_MAX}. */
  readonly #renewed = new Set<string>();
  readonly #repeats: Repeats;
  readonly #sending: Sending;
  #session = 0;
  #settled = false;
  #retry: Timer | undefined;
  #attempt = 0;

  constructor(parts: RecordSyncParts<R>) {
    this.#parts = parts;
    const { records } = parts;
    this.#atBroker = new AtBroker((id) => records.stamp(id) !== undefined || this.#merging.has(id));
    this.#repeats = new Repeats(parts.clock, (id) => this.#offer(id));
    this.#sending = new Sending({
      ...parts,
      name: records.name,
      due: (id) => this.#due(id),
      publish: (id, stamp) => this.#publish(id, stamp),
      onTaken: (id, stamp) => this.#atBroker.taken(id, stamp, records.beats),
      onFailed: (id) => {
        this.#cleared.delete(id);
        this.#repeats.failed(id);
      },
      isChange: (id) => this.#changed.has(id),
    });
    this.#burst = new Burst({ ...parts, topic: parts.marker, name: records.name });
    this.#rejections = new Rejections(parts.clock, (fields) => {
      parts.log.warn({ ...fields }, `records of ${records.name} were not taken from the broker`);
      parts.onRejected(fields);
    });
    const onOwnCounts = (id: string) => this.#offer(id);
    this.#merging = new Merging({ records, rejections: this.#rejections, clock: parts.clock, onOwnCounts });
    this.#unlisten = records.onLocal((id) => {
      this.#cleared.delete(id);
      this.#merging.forget(id);
      if (this.#changed.size < CHANGED_MAX) this.#changed.add(id);
      this.#offer(id, true);
    });
  }

  /** Whether broker and gate were compared on this connection. */
  get settled(): boolean {
    return this.#settled;
  }

  /** The broker is connected: takes its newer records, then sends those that it lacks. */
  up(): void {
    this.down();
    void this.#compare(this.#session);
  }

  down(): void {
    this.#session++;
    this.#settled = false;
    this.#atBroker.clear();
    this.#forced.clear();
    this.#cleared.clear();
    this.#renewed.clear();
    this.#repeats.clear();
    this.#sending.clear();
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  stop(): void {
    this.down();
    this.#merging.dropWaiting();
    this.#unlisten();
    this.#rejections.stop();
  }

  /** What this gate sent to its `sync` topic came back. */
  receiveMarker(payload: Uint8Array): void {
    this.#burst.receiveMarker(payload);
  }

  /** Others are trusted now: drops what was checked before and waits, and reads the broker anew. */
  trustAnew(): void {
    this.#merging.dropWaiting();
    this.compareAnew();
  }

  /** Compares once more, if the broker is connected. */
  compareAnew(): void {
    if (this.#parts.link.up) this.up();
  }

  /** Sends what the broker lacks: for when nothing is held back any more. */
  refill(): void {
    const { records, marker } = this.#parts;
    for (const id of refillOrder([...records.ids()], marker)) this.#offer(id);
  }

  /** Reads these records at the broker anew, then sends this gate's own although the broker has them: somebody has missed one. */
  async repair(ids: readonly string[]): Promise<void> {
    const session = this.#session;
    const stale = () => session !== this.#session || !this.#settled;
    try {
      await this.#readAgain(ids, stale);
    } catch (thrown) {
      this.#parts.log.warn({ err: explain(thrown) }, `records of ${this.#parts.records.name} could not be read again`);
      return;
    }
    if (stale()) return;
    for (const id of ids) {
      this.#forced.add(id);
      this.#offer(id);
    }
  }

  /** The record of `id` arrived. */
  receive(id: string, payload: Uint8Array): void {
    this.#sending.heard(id);
    this.#atBroker.hear();
    const { records } = this.#parts;
    const received = records.read(id, payload);
    // Junk is no part of what the broker keeps: it must not hold up this gate's own.
    if (received.kind !== 'invalid' && received.kind !== 'empty') this.#burst.received(id);
    if (received.kind !== 'invalid' && received.kind !== 'full') this.#merging.forget(id);
    switch (received.kind) {
      case 'full':
        this.#rejections.add('too-many', id, received.why);
        return;
      case 'invalid':
        this.#rejections.add(received.signer ?? 'invalid', id, received.why);
        // Noted as older than anything, so that a valid record of this gate replaces it.
        this.#atBroker.note(id, '');
        break;
      case 'empty':
        // A cleared record removes no person: a removal is a record of its own.
        this.#atBroker.delete(id);
        break;
      case 'same':
        // Sent by another gate that mends the same: all have heard it now.
        this.#forced.delete(id);
        this.#atBroker.note(id, received.stamp);
        return;
      case 'older':
        this.#atBroker.note(id, received.stamp);
        break;
      case 'stale':
        // Once on a connection: gates that do not agree on how it should stand there would never stop.
        this.#atBroker.note(id, this.#renewed.has(id) ? received.stamp : '');
        if (this.#renewed.size < CHANGED_MAX) this.#renewed.add(id);
        break;
      case 'newer':
        if (!records.isGone(id, received.stamp)) {
          if (this.#merging.add(id, { ...received, payload })) this.#atBroker.note(id, received.stamp);
          return;
        }
        this.#atBroker.note(id, received.stamp);
    }
    this.#offer(id);
  }

  async #compare(session: number): Promise<void> {
    const { link, records, marker, log } = this.#parts;
    const stale = () => session !== this.#session;
    try {
      await link.subscribe([marker, records.filter]);
      await this.#burst.over(stale);
      // A broker drops retained records silently when a burst overflows its queue (seen: Mosquitto's default gives
      // 1,020 of 10,000). So after a large burst records that seem to be missing are asked for by name, before an older
      // record could be written over a newer one.
      const complete = this.#atBroker.heard < BATCH;
      const missing =
        stale() || complete ? [] : [...records.ids()].filter((id) => this.#atBroker.get(id) === undefined);
      await this.#readAgain(missing, stale);
      if (stale()) return;
      this.#settled = true;
      this.#attempt = 0;
      this.refill();
      for (const id of this.#atBroker.ids()) if (records.stamp(id) === undefined) this.#offer(id);
      // A gate without records has nothing to offer.
      this.#sending.run();
    } catch (thrown) {
      if (stale()) return;
      log.warn({ err: explain(thrown) }, `the ${records.name} of this gate could not be compared with the broker yet`);
      this.#compareLater();
    }
  }

  /** Asks for records by name, some at a time. @throws OperatingError as Link.subscribe */
  async #readAgain(ids: readonly string[], stale: () => boolean): Promise<void> {
    const { link, records } = this.#parts;
    for (let from = 0; from < ids.length && !stale(); from += BATCH) {
      const topics = ids.slice(from, from + BATCH).map((id) => records.topic(id));
      await link.subscribe(topics);
      await this.#burst.over(stale);
      await link.unsubscribe(topics);
    }
  }

  #compareLater(): void {
    this.#settled = false;
    this.#retry ??= this.#parts.clock.after(pauseMs(PAUSES, this.#attempt++, Math.random()), () => {
      this.#retry = undefined;
      void this.#compare(this.#session);
    });
  }

  /** Sends the record of `id` to the broker if the broker lacks it or has an older one. */
  #offer(id: string, isChange = false): void {
    // Before the comparison is done, all records are candidates anyway.
    if (!this.#settled) return;
    this.#sending.add(id, isChange);
  }

  /** The stamp of what is to be sent to the broker; '' if the record must be cleared there; undefined if the broker holds the right one. */
  #due(id: string): string | undefined {
    const { records } = this.#parts;
    const [own, found] = [records.stamp(id), this.#atBroker.get(id)];
    const forced = this.#forced.delete(id);
    if (own !== undefined) {
      if (found === undefined && records.holdsBack(own) && !this.#changed.has(id)) return undefined;
      if (found !== undefined && found !== '' && !records.beats(own, found) && !(forced && own === found))
        return undefined;
      return forced || this.#repeats.allows(id, own) ? own : undefined;
    }
    if (found === undefined || this.#cleared.has(id) || !records.isGone(id, found)) return undefined;
    this.#cleared.add(id);
    return '';
  }

  async #publish(id: string, stamp: string): Promise<void> {
    const { link, records } = this.#parts;
    const text = stamp === '' ? '' : records.text(id);
    if (text !== undefined) await link.publish(records.topic(id), text, { retain: true, qos: 1 });
  }
}
