import type { Clock } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { Passage } from '../../passback/passback.js';
import type { SiteRecord } from '../../store/merge.js';
import type { Link } from '../link/link.js';
import type { EventFields } from '../messages.js';
import { Resync } from '../resync.js';
import type { SiteReports } from '../site-reports.js';
import type { Topic, Topics } from '../topics.js';
import { PeopleCare, type PeopleCareParts } from './people-care.js';
import { PeopleComparison, type PeopleComparisonParts } from './people-comparison.js';
import { type PeopleSummary, summaryOf } from './people-digest.js';
import { RecordSync } from './record-sync.js';
import type { SharedRecords } from './shared-records.js';
import { type SiteRecordsParts, siteRecords } from './site-records.js';

export interface SiteSyncParts
  extends Omit<SiteRecordsParts, 'rules' | 'people'>,
    Omit<PeopleCareParts, 'connected' | 'settled' | 'onReleased' | 'onSetAside' | 'onAnew' | 'onProblem'>,
    Pick<PeopleComparisonParts, 'names' | 'infos' | 'signed'> {
  readonly link: Link;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly reports: Pick<SiteReports, 'peopleSetAside'>;
  /** Records were not taken. */
  readonly onRejected: (name: string, fields: EventFields) => void;
  /** There is a new summary of the people. */
  readonly onSummary: () => void;
  /** A sentence for the state; undefined when that part is well again. */
  readonly onProblem: (part: string, text: string | undefined) => void;
}

/** People and passages, which all gates of a site share: with the broker, and compared with what the other gates say that they know. */
export class SiteSync {
  readonly #people: RecordSync<SiteRecord>;
  readonly #passages: RecordSync<Passage> | undefined;
  readonly #all: readonly Pick<
    RecordSync<Passage>,
    'up' | 'down' | 'stop' | 'trustAnew' | 'receiveMarker' | 'settled'
  >[];
  readonly #care: PeopleCare;
  readonly #comparison: PeopleComparison;
  readonly #resync: Resync<PeopleSummary>;

  constructor(parts: SiteSyncParts) {
    const { link, topics, clock, log, people, onRejected, onProblem, onSummary } = parts;
    const shared = <R extends { readonly version: string }>(records: SharedRecords<R>) =>
      new RecordSync({
        link,
        records,
        marker: topics.sync,
        clock,
        log,
        onRejected: (fields) => onRejected(records.name, fields),
        onProblem: (text) => onProblem(records.name, text),
      });
    this.#care = new PeopleCare({
      ...parts,
      connected: () => link.up,
      settled: () => this.#people.settled,
      onReleased: () => this.#people.refill(),
      onSetAside: (count, since) => parts.reports.peopleSetAside(count, since),
      onAnew: () => this.#people.compareAnew(),
      onProblem: (text) => onProblem('care', text),
    });
    const records = siteRecords({ ...parts, rules: this.#care.rules });
    this.#people = shared(records.people);
    this.#passages = records.passages && shared(records.passages);
    this.#all = [this.#people, ...(this.#passages ? [this.#passages] : [])];
    this.#comparison = new PeopleComparison({
      ...parts,
      resend: (ids) => this.#people.repair(ids),
      onSummary,
      onProblem: (text) => onProblem('peers', text),
      onUnheard: (text) => onProblem('neighbours', text),
      onClocks: (text) => onProblem('clocks', text),
    });
    this.#resync = new Resync({ clock, syncs: this.#all, summary: () => summaryOf(people) });
  }

  /** What others compare; undefined until all people were counted for the first time. */
  get summary(): PeopleSummary | undefined {
    return this.#comparison.summary;
  }

  start(): void {
    this.#care.start();
    this.#comparison.start();
  }

  stop(): void {
    this.#care.stop();
    this.#comparison.stop();
    for (const sync of this.#all) sync.stop();
    this.#resync.stop();
  }

  /** The broker is connected, and what it gives may be compared. */
  up(): void {
    this.#care.check();
    this.#comparison.up();
    for (const sync of this.#all) sync.up();
  }

  down(): void {
    this.#comparison.down();
    for (const sync of this.#all) sync.down();
  }

  /** Others are trusted now: what was refused is looked at once more, and what was taken and waits as well. */
  trustAnew(): void {
    for (const sync of this.#all) sync.trustAnew();
  }

  /** The request `resync`. @throws RequestError busy where that takes long */
  resync(): ReturnType<Resync<PeopleSummary>['run']> {
    return this.#resync.run();
  }

  /** What arrived on a topic of records, of their markers, or of a gate. */
  receive(
    topic: Extract<Topic, { kind: 'person' | 'passage' | 'sync' | 'state' | 'info' | 'digest' }>,
    payload: Uint8Array,
  ): void {
    switch (topic.kind) {
      case 'person':
        this.#people.receive(topic.id, payload);
        return;
      case 'passage':
        this.#passages?.receive(topic.id, payload);
        return;
      case 'sync':
        for (const sync of this.#all) sync.receiveMarker(payload);
        return;
      default:
        this.#comparison.receive(topic.kind, topic.gate, payload);
    }
  }
}
