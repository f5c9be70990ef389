import { setImmediate as aTurn } from 'node:timers/promises';
import type { Clock } from '../../kit/clock.js';
import { messageOf } from '../../kit/errors.js';
import { PEOPLE_MAX } from '../../person/person.js';
import { EarlyRecords } from './early-records.js';
import type { Rejections } from './rejections.js';
import type { SharedRecords } from './shared-records.js';

/** Records that wait to be merged. */
const INCOMING_MAX = 2 * PEOPLE_MAX;
/** Minor ones among them. */
const MINOR_MAX = 10_000;
/** Records merged in one turn of the event loop: some milliseconds. */
const AT_ONCE = 200;

/** A record that arrived, and what stands for its content. */
export interface Arrived<R> {
  readonly record: R;
  readonly stamp: string;
  /** As it came, to be read once more where it has to wait. */
  readonly payload: Uint8Array;
  /** Others go before it. */
  readonly minor?: boolean;
}

export interface MergingParts<R> {
  readonly records: SharedRecords<R>;
  readonly rejections: Rejections;
  readonly clock: Clock;
  /** This gate's own record counts and not the one that arrived. */
  readonly onOwnCounts: (id: string) => void;
}

/** Takes over what arrives: the newest of each id, saved together; what is from the future is read again until its time has come. */
export class Merging<R extends { readonly version: string }> {
  readonly #parts: MergingParts<R>;
  /** At most {@link INCOMING_MAX}. */
  readonly #incoming = new Map<string, Arrived<R>>();
  readonly #early: EarlyRecords;
  #minor = 0;
  #running = false;
  /** Records that are in force and not yet on the disk. */
  #saving = 0;
  /** Counts {@link dropWaiting}. */
  #dropped = 0;

  constructor(parts: MergingParts<R>) {
    this.#parts = parts;
    this.#early = new EarlyRecords(parts.clock, (id, payload) => this.#lookAgain(id, payload));
  }

  /** Whether a record of this id waits. */
  has(id: string): boolean {
    return this.#incoming.has(id);
  }

  /** @returns false where there is no room */
  add(id: string, arrived: Arrived<R>): boolean {
    const { records, rejections } = this.#parts;
    const waiting = this.#incoming.get(id);
    const isFull = this.#incoming.size >= INCOMING_MAX || (arrived.minor && this.#minor >= MINOR_MAX);
    if (waiting === undefined && isFull) {
      rejections.add('too-many', id, `too many records of ${records.name} wait to be taken over`);
      return false;
    }
    if (waiting === undefined && arrived.minor) this.#minor++;
    if (waiting === undefined || records.beats(arrived.stamp, waiting.stamp)) this.#incoming.set(id, arrived);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
    return true;
  }

  /** Another record of this id counts: one from the future that waits must not come back when its time has come. */
  forget(id: string): void {
    this.#early.delete(id);
  }

  /** Nothing that waits is taken over: whoever was trusted when it was read may be so no more. The broker must be read anew. */
  dropWaiting(): void {
    this.#dropped++;
    this.#incoming.clear();
    this.#minor = 0;
    this.#early.clear();
  }

  /** One from the future, perhaps no longer so: its signature is checked once more, by what is known of the keys now. */
  #lookAgain(id: string, payload: Uint8Array): void {
    const { records, rejections } = this.#parts;
    const received = records.read(id, payload);
    if (received.kind === 'full') rejections.add('too-many', id, received.why);
    if (received.kind === 'invalid') rejections.add(received.signer ?? 'invalid', id, received.why);
    if (received.kind === 'newer' && !records.isGone(id, received.stamp)) this.add(id, { ...received, payload });
  }

  /** What arrives counts at once, while what came before is still being saved; the store saves together what waits for its disk. */
  async #run(): Promise<void> {
    while (this.#incoming.size > 0) {
      const batch = [...this.#incoming];
      this.#incoming.clear();
      this.#minor = 0;
      const dropped = this.#dropped;
      const merging: Promise<void>[] = [];
      for (const [id, arrived] of batch) {
        // Gives the door's wires and timers their turn.
        if (merging.length % AT_ONCE === AT_ONCE - 1) await aTurn();
        if (dropped !== this.#dropped) break;
        merging.push(this.#one(id, arrived));
      }
      // With a disk that hangs, no more than this wait for it.
      if (this.#saving >= INCOMING_MAX) await Promise.all(merging);
      // What arrives in the same turn is one batch.
      else await aTurn();
    }
    this.#running = false;
  }

  async #one(id: string, arrived: Arrived<R>): Promise<void> {
    const { records, rejections, onOwnCounts } = this.#parts;
    const { version } = arrived.record;
    this.#saving++;
    try {
      const outcome = await records.merge(id, arrived.record);
      if (outcome === 'future') {
        const why = `version ${version} is more than 5 minutes ahead of this gate's clock: check the clocks`;
        rejections.add('future', id, why);
        this.#early.add(id, arrived.payload);
      }
      // This gate's own record stands before one from the future, too.
      if (outcome === 'future' || outcome === 'older') onOwnCounts(id);
    } catch (thrown) {
      rejections.add('not-saved', id, messageOf(thrown));
    }
    this.#saving--;
  }
}
