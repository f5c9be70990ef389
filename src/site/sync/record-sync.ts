import { setImmediate as aTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../../kit/clock.js';
import { explain, messageOf } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { PEOPLE_MAX } from '../../person/person.js';
import { isFuture } from '../../person/version.js';
import type { Link } from '../link/link.js';
import type { EventFields } from '../messages.js';
import { Burst } from './burst.js';
import { EarlyRecords } from './early-records.js';
import { Rejections } from './rejections.js';
import type { SharedRecords } from './shared-records.js';

/** Records that the broker may hold: people and their removals. */
const RECORDS_MAX = 2 * PEOPLE_MAX;
/**
 * Publishes in flight at one time; the link takes 128 from all its users together. Mosquitto's acknowledgements come in
 * bursts every 40 ms (Nagle): with 16 in flight that was 350 people a second.
 */
const WINDOW = 64;
/** Topics asked for by name at one time: below Mosquitto's default queue of 1,000, beyond which it drops silently. */
const BATCH = 500;
const RETRY_MS = 5_000;
/** Records merged in one turn of the event loop: some milliseconds. */
const AT_ONCE = 200;

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
 * Keeps this gate's records and the broker's retained ones equal: the newest version of each wins, removals are records
 * too, and a record is only ever replaced by a newer one.
 */
export class RecordSync<R extends { readonly version: string }> {
  readonly #parts: RecordSyncParts<R>;
  readonly #rejections: Rejections;
  readonly #burst: Burst;
  readonly #unlisten: () => void;
  /** Versions that the broker holds, as far as this connection has shown; '' for one that any record replaces. */
  readonly #atBroker = new Map<string, string>();
  /** Newer records, newest of each id, to be merged. */
  readonly #incoming = new Map<string, R>();
  /** Ids whose record the broker lacks. */
  readonly #outgoing = new Set<string>();
  /**
   * Ids that were cleared on this connection, once each. A gate that does not know of the removal yet puts its record back, and
   * the two gates would never stop; it clears the record itself once it knows.
   */
  readonly #cleared = new Set<string>();
  /** Ids whose known record was written anew on this connection. */
  readonly #renewed = new Set<string>();
  #session = 0;
  #settled = false;
  #merging = false;
  #stopped = false;
  #sending = 0;
  #retry: Timer | undefined;
  readonly #early: EarlyRecords<R>;

  constructor(parts: RecordSyncParts<R>) {
    this.#parts = parts;
    const { records } = parts;
    this.#early = new EarlyRecords(parts.clock, (id, record) => this.#take(id, record));
    this.#burst = new Burst({ ...parts, topic: parts.marker, name: records.name });
    this.#rejections = new Rejections(parts.clock, (fields) => {
      parts.log.warn({ ...fields }, `records of ${records.name} were not taken from the broker`);
      parts.onRejected(fields);
    });
    this.#unlisten = records.onLocal((id) => {
      this.#cleared.delete(id);
      this.#forgetEarly(id);
      this.#offer(id);
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
    this.#outgoing.clear();
    this.#cleared.clear();
    this.#renewed.clear();
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  stop(): void {
    this.down();
    this.#stopped = true;
    this.#incoming.clear();
    this.#early.stop();
    this.#unlisten();
    this.#rejections.stop();
  }

  /** What this gate sent to its `sync` topic came back. */
  receiveMarker(payload: Uint8Array): void {
    this.#burst.receiveMarker(payload);
  }

  /** The record of `id` arrived. */
  receive(id: string, payload: Uint8Array): void {
    this.#burst.received();
    const { records } = this.#parts;
    if (payload.byteLength > 0 && records.isGone(id)) {
      this.#note(id, '');
      this.#offer(id);
      return;
    }
    const received = records.read(id, payload);
    if (received.kind !== 'invalid') this.#forgetEarly(id);
    switch (received.kind) {
      case 'invalid':
        this.#rejections.add('invalid', id, received.why);
        // Noted as older than anything, so that a valid record of this gate replaces it.
        this.#note(id, '');
        return;
      case 'empty':
        // A cleared record removes no person: a removal is a record of its own.
        this.#atBroker.delete(id);
        this.#offer(id);
        return;
      case 'same':
      case 'older':
        this.#note(id, received.version);
        if (received.kind === 'older') this.#offer(id);
        return;
      case 'stale':
        // Once on a connection: gates that do not agree on how it should stand there would never stop.
        this.#note(id, this.#renewed.has(id) ? received.version : '');
        if (this.#renewed.size < RECORDS_MAX) this.#renewed.add(id);
        this.#offer(id);
        return;
      case 'newer':
        this.#take(id, received.record);
    }
  }

  #note(id: string, version: string): void {
    if (this.#atBroker.size < RECORDS_MAX || this.#atBroker.has(id)) this.#atBroker.set(id, version);
  }

  #take(id: string, record: R): void {
    if (this.#atBroker.size >= RECORDS_MAX && !this.#atBroker.has(id)) {
      this.#rejections.add(
        'too-many',
        id,
        `the broker holds more than ${RECORDS_MAX} records of ${this.#parts.records.name}`,
      );
      return;
    }
    this.#atBroker.set(id, record.version);
    const waiting = this.#incoming.get(id);
    if (waiting === undefined || waiting.version < record.version) this.#incoming.set(id, record);
    if (this.#merging) return;
    this.#merging = true;
    void this.#merge();
  }

  /** Saves together what arrived while the last batch was being saved: one fsync, not ten thousand. */
  async #merge(): Promise<void> {
    while (this.#incoming.size > 0) {
      const batch = [...this.#incoming];
      this.#incoming.clear();
      const merging: Promise<void>[] = [];
      for (const [id, record] of batch) {
        // Gives the door's wires and timers their turn.
        if (merging.length % AT_ONCE === AT_ONCE - 1) await aTurn();
        if (this.#stopped) break;
        merging.push(this.#mergeOne(id, record));
      }
      await Promise.all(merging);
    }
    this.#merging = false;
  }

  async #mergeOne(id: string, record: R): Promise<void> {
    try {
      const outcome = await this.#parts.records.merge(id, record);
      if (outcome === 'future') {
        const why = `version ${record.version} is more than 5 minutes ahead of this gate's clock: check the clocks`;
        this.#rejections.add('future', id, why);
        this.#early.add(id, record);
      }
      if (outcome === 'older') this.#offer(id);
    } catch (thrown) {
      this.#rejections.add('not-saved', id, messageOf(thrown));
    }
  }

  /** A record from the future that was replaced must not come back when its time has come. */
  #forgetEarly(id: string): void {
    if (this.#parts.records.replacesFuture) this.#early.delete(id);
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
      const complete = this.#atBroker.size < BATCH;
      const missing = stale() || complete ? [] : [...records.ids()].filter((id) => !this.#atBroker.has(id));
      for (let from = 0; from < missing.length && !stale(); from += BATCH) {
        const topics = missing.slice(from, from + BATCH).map((id) => records.topic(id));
        await link.subscribe(topics);
        await this.#burst.over(stale);
        await link.unsubscribe(topics);
      }
      if (stale()) return;
      this.#settled = true;
      for (const id of records.ids()) this.#offer(id);
      for (const id of this.#atBroker.keys()) if (records.isGone(id)) this.#offer(id);
    } catch (thrown) {
      if (stale()) return;
      log.warn({ err: explain(thrown) }, `the ${records.name} of this gate could not be compared with the broker yet`);
      this.#compareLater();
    }
  }

  #compareLater(): void {
    this.#settled = false;
    this.#outgoing.clear();
    this.#retry ??= this.#parts.clock.after(RETRY_MS, () => {
      this.#retry = undefined;
      void this.#compare(this.#session);
    });
  }

  /** Sends the record of `id` to the broker if the broker lacks it or has an older one. */
  #offer(id: string): void {
    // Before the comparison is done, all records are candidates anyway.
    if (!this.#settled) return;
    this.#outgoing.add(id);
    this.#sendAll();
  }

  #sendAll(): void {
    for (const id of this.#outgoing) {
      if (this.#sending >= WINDOW) return;
      this.#outgoing.delete(id);
      const version = this.#due(id);
      if (version === undefined) continue;
      this.#sending++;
      void this.#send(id, version, this.#session);
    }
  }

  /** The version to send to the broker; '' if the record must be cleared there; undefined if the broker holds the right one. */
  #due(id: string): string | undefined {
    const { records, clock } = this.#parts;
    const [own, found] = [records.version(id), this.#atBroker.get(id)];
    const ahead = records.replacesFuture && found !== undefined && found !== '' && isFuture(found, clock.wall());
    const broker = ahead ? '' : found;
    if (own !== undefined) return broker !== undefined && broker >= own ? undefined : own;
    if (broker === undefined || this.#cleared.has(id) || !records.isGone(id)) return undefined;
    this.#cleared.add(id);
    return '';
  }

  async #send(id: string, version: string, session: number): Promise<void> {
    const { link, records, log, onProblem } = this.#parts;
    try {
      const text = version === '' ? '' : records.text(id);
      if (text !== undefined) await link.publish(records.topic(id), text, { retain: true, qos: 1 });
      if (version !== '' && session === this.#session && (this.#atBroker.get(id) ?? '') < version)
        this.#note(id, version);
      onProblem(undefined);
    } catch (thrown) {
      this.#cleared.delete(id);
      log.warn({ id, err: explain(thrown) }, `a record of ${records.name} was not shared with the site yet`);
      onProblem(`${records.name}-not-shared: ${messageOf(thrown)}`);
      if (session === this.#session) this.#compareLater();
    }
    this.#sending--;
    this.#sendAll();
  }
}
