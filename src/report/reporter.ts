import type { AttackAlarmReport } from '../access/attacks.js';
import type { DoorReport } from '../door/door.js';
import type { EyeStatus } from '../eye/eye-status.js';
import type { Box } from '../face/observation.js';
import type { Decision, Spoof } from '../gate/decision-report.js';
import type { RequestReports } from '../gate/request-reports.js';
import type { JournalInput } from '../journal/writer.js';
import type { TrustList } from '../keys/trust-list.js';
import type { Clock, WallMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import type { Direction, PassbackViolation } from '../passback/passback.js';
import type { Person } from '../person/person.js';
import type { EventFields } from '../site/messages.js';
import type { EntryOfEvent } from '../site/outbox.js';
import type { RefusedRequest, SiteReports } from '../site/site-reports.js';
import type { PeopleSummary } from '../site/sync/people-digest.js';
import type { Utterance } from '../voice/phrases.js';
import {
  attackAlarmEntry,
  decisionEntry,
  doorEntry,
  enrolledEntry,
  passageEntry,
  removedEntry,
  requestEntry,
  spoofEntry,
} from './journal-entries.js';
import type { JournalThenSite } from './journal-then-site.js';
import type { SyncCounts, SyncReports } from './sync-trace.js';
import { type SyncedRecord, syncedEntry } from './synced-batches.js';

/** Sends an event to the site. @param atMs when it happened @param entry its entry in the journal */
export type Publish = (type: string, fields: EventFields, atMs: WallMs, entry: EntryOfEvent) => void;

/**
 * Reports what happens: at once to the log, then to the journal, and to the site once the journal has it. The same facts to all.
 * Names are in the log only where wanted.
 */
export class Reporter implements RequestReports, SyncReports, SiteReports {
  readonly #log: Log;
  readonly #names: boolean;
  readonly #journalThenSite: JournalThenSite;
  readonly #clock: Clock;
  readonly #publish: Publish;
  readonly #listeners: ((type: string, fields: EventFields) => void)[] = [];
  #lastEye = '';
  #lastCamera = '';

  /** @param names config `log.names` @param publish to the site, where there is one */
  constructor(parts: {
    readonly log: Log;
    readonly names: boolean;
    readonly journalThenSite: JournalThenSite;
    readonly clock: Clock;
    readonly publish: Publish;
  }) {
    this.#log = parts.log;
    this.#names = parts.names;
    this.#journalThenSite = parts.journalThenSite;
    this.#clock = parts.clock;
    this.#publish = parts.publish;
  }

  /** Adds who else hears of everything that is reported, at once; it must not throw. */
  onReport(listener: (type: string, fields: EventFields) => void): void {
    this.#listeners.push(listener);
  }

  decision(decision: Decision): void {
    const { type, face, person, ...facts } = decision;
    const who = person && (this.#names ? { id: person.id, name: person.name } : { id: person.id });
    this.#log.info({ type, ...facts, person: who }, facts.text);
    const box = face ? pixelsOf(face.box) : null;
    const fields = { ...facts, person: person?.id ?? null, name: person?.name ?? null, box };
    this.#report(type, fields, decisionEntry(decision, box));
  }

  spoof(spoof: Spoof): void {
    const { box, person, ...facts } = spoof;
    this.#log.warn({ ...facts, person: person?.id }, 'a picture or a screen was held to the camera');
    const shown = { person: person?.id ?? null, name: person?.name ?? null };
    const pixels = pixelsOf(box);
    this.#report('spoof', { ...facts, ...shown, box: pixels }, spoofEntry(spoof, pixels));
  }

  /** Reported to the site only: what was said follows from the decision. */
  greeting({ text, language }: Utterance): void {
    this.#log.info({ language, text: this.#names ? text : undefined }, 'greeting');
    this.#report('greeting', { text, language });
  }

  door(report: DoorReport): void {
    const { type, ...facts } = report;
    const level = ['door', 'exit', 'mode', 'held-warning'].includes(type) ? 'info' : 'warn';
    this.#log[level](facts, type);
    this.#report(type, facts, doorEntry(report));
  }

  /** A request to the door was served. @param by the name that the request gives @param done whether the door did it */
  doorRequested(
    verb: 'open' | 'lock' | 'mode',
    by: string,
    reason: string | null,
    facts: EventFields,
    done: boolean,
  ): void {
    // Words that a person wrote may name another.
    this.#log.info({ verb, by, reason: this.#names ? reason : undefined, ...facts, done }, `asked by MQTT: ${verb}`);
    const type = { open: 'opened', lock: 'lock-asked', mode: 'mode-asked' }[verb];
    const result = { ...facts, [verb === 'open' ? 'opened' : 'done']: done };
    this.#report(type, { by, reason, ...result }, requestEntry(type, by, reason, result));
  }

  /**
   * A person was enrolled here, or another photo of them added.
   * @param forced id of the person whose face is too near, where that was overridden
   */
  enrolled(person: Person, forced: string | undefined): void {
    const { id, name, version, templates, by } = person;
    this.#log.info({ person: id, by, templates: templates.length, forced }, 'enrolled');
    const fields = { person: id, name, version, templates: templates.length, by, forced: forced ?? null };
    this.#report('enrolled', fields, enrolledEntry(person, forced));
  }

  removed(id: string, by: string): void {
    this.#report('removed', { person: id, by }, removedEntry(id, by));
  }

  /** Pictures were held to the camera again and again: somebody should look. @param person whom most of them showed */
  attackAlarm(report: AttackAlarmReport, person: Person | undefined): void {
    const { phase, attempts } = report;
    const level = phase === 'ends' ? 'info' : 'warn';
    this.#log[level]({ phase, attempts, person: person?.id }, `attack alarm: ${attempts} pictures held to the camera`);
    const fields = { phase, attempts, person: person?.id ?? null, name: person?.name ?? null };
    this.#report('attack-alarm', fields, attackAlarmEntry(report, person));
  }

  /** Whether the clock is trusted has changed. @param why it is not trusted; null: it is */
  clock(why: string | null): void {
    const fields = { trusted: why === null, why };
    this.#log[why === null ? 'info' : 'warn'](fields, 'the clock');
    this.#report('clock', fields, { type: 'clock', fields });
  }

  /** Another list says who is trusted at the broker. */
  keysTaken({ serial, issued, keys }: TrustList): void {
    const fields = { serial, issued, keys: keys.length };
    this.#log.info(fields, 'a new list of keys is in force');
    this.#report('keys', fields, { type: 'keys', fields });
  }

  /** A person has gone through. */
  passed(person: Person | undefined, direction: Direction): void {
    const fields = { person: person?.id ?? null, name: person?.name ?? null, direction };
    this.#log.info({ person: person?.id, direction }, 'passed');
    this.#report('passed', fields, passageEntry('passed', person, { direction }));
  }

  /** A person was let in who should be on the other side: anti-passback in soft mode. */
  passbackViolation(person: Person | undefined, { detail, since }: PassbackViolation): void {
    this.#log.warn({ person: person?.id, since }, detail);
    const fields = { person: person?.id ?? null, name: person?.name ?? null, text: detail, since };
    this.#report('passback', fields, passageEntry('passback', person, { text: detail, since }));
  }

  /** A person's whereabouts were forgotten on request. */
  forgiven(id: string, by: string): void {
    this.#log.info({ person: id, by }, 'forgiven');
    this.#report('forgiven', { person: id, by }, { type: 'forgiven', personal: { person: id, by } });
  }

  /** Somebody has a picture of whoever stands before the camera. */
  snapshotTaken(by: string): void {
    this.#log.info({ by }, 'asked by MQTT: snapshot');
    this.#report('snapshot-asked', { by }, { type: 'snapshot-asked', personal: { by } });
  }

  /** A photo was compared with a person. */
  verified(id: string, by: string, same: boolean): void {
    this.#log.info({ person: id, by, same }, 'asked by MQTT: verify');
    const entry = { type: 'verify-asked', fields: { same }, personal: { person: id, by } };
    this.#report('verify-asked', { person: id, by, same }, entry);
  }

  /** People were taken over from other gates. */
  synced(counts: SyncCounts): void {
    this.#log.info({ ...counts }, 'people taken over from the site');
  }

  /** Which they were. In the journal only. */
  syncedRecords(records: readonly SyncedRecord[]): Promise<boolean> {
    return this.#journalThenSite.keep(syncedEntry(records));
  }

  syncedUnlisted(counts: SyncCounts): void {
    const fields = { ...counts, unlisted: true };
    this.#journalThenSite.add({ entry: { type: 'people-synced', fields } });
  }

  /** In the journal only: whoever sends what is refused must not tell it to the whole site. */
  requestRefused({ by, ...fields }: RefusedRequest): void {
    this.#journalThenSite.add({ entry: { type: 'request-refused', fields, personal: { by } } });
  }

  requestsRefused(count: number, from: string): void {
    this.#journalThenSite.add({ entry: { type: 'requests-refused', fields: { count, from } } });
  }

  peopleSetAside(people: number, since: string | null): void {
    const fields = { people, since };
    this.#report('people-set-aside', fields, { type: 'people-set-aside', fields });
  }

  started(facts: { readonly version: string; readonly encoder: string; readonly people: PeopleSummary }): void {
    const { version, encoder, people } = facts;
    const fields = { version, encoder, people: people.count, peopleHash: people.hash };
    this.#report('started', fields, { type: 'started', fields });
  }

  stopped(): void {
    this.#report('stopped', {}, { type: 'stopped' });
  }

  /** Reported when eye or camera come or go, and when the reason changes; not each of the tries in between, which never end. */
  eye({ state, lastFault, camera }: EyeStatus): void {
    if (state !== 'starting')
      this.#lastEye = this.#reportIfNew(
        'eye',
        state,
        state === 'waiting' || state === 'stopped' ? lastFault : null,
        this.#lastEye,
      );
    if (camera.state !== 'opening')
      this.#lastCamera = this.#reportIfNew('camera', camera.state, camera.why, this.#lastCamera);
  }

  /** @param last what was reported last @returns what is reported now */
  #reportIfNew(type: 'eye' | 'camera', state: string, why: string | null, last: string): string {
    const fields = { state, why };
    const now = JSON.stringify(fields);
    if (now !== last) this.#report(type, fields, { type, fields });
    return now;
  }

  #report(type: string, fields: EventFields, entry?: JournalInput): void {
    for (const listener of this.#listeners) listener(type, fields);
    const atMs = this.#clock.wall();
    const publish = (n: number | undefined, later?: Promise<number | undefined>) =>
      this.#publish(type, n === undefined ? fields : { ...fields, entry: n }, atMs, { n, later });
    this.#journalThenSite.add({ entry: entry && { ...entry, atMs }, publish });
  }
}

/** x, y, width and height in whole pixels. */
const pixelsOf = ({ x, y, width, height }: Box): number[] => [x, y, width, height].map(Math.round);
