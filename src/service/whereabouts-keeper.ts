import { join } from 'node:path';
import { z } from 'zod';
import type { Calendar } from '../access/calendar.js';
import {
  contactLost,
  contactSays,
  letIn,
  NO_COUNTS,
  newWatch,
  type PassageCounts,
  type PassageWatch,
} from '../access/passage-watch.js';
import {
  lastReset,
  learned,
  type Misfit,
  misfitOf,
  type Passage,
  type PassbackRule,
  passageSchema,
  placed,
  sinceReset,
  type Whereabouts,
} from '../access/passback.js';
import type { Clock, WallMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { PEOPLE_MAX, personIdSchema } from '../person/person.js';
import { isFuture } from '../person/version.js';
import type { MergeOutcome, SharedRecords } from '../site/record-sync.js';
import type { Topics } from '../site/topics.js';
import { StateFile } from '../store/state-file.js';
import { readPassage } from './passage-records.js';

const count = z.int().min(0).default(0);

/** What a restart must not forget. */
export const keptSchema = z.strictObject({
  schema: z.literal(1),
  counts: z.strictObject({ granted: count, others: count, free: count }),
  passages: z.record(personIdSchema, passageSchema).refine((all) => Object.keys(all).length <= PEOPLE_MAX),
});
export type Kept = z.infer<typeof keptSchema>;
export const NOTHING_KEPT: Kept = { schema: 1, counts: NO_COUNTS, passages: {} };

/** Passages come often and their loss is small: other gates and the broker remember them. */
const SAVE_MS = 2_000;

/** Opens the file of the state folder. @throws OperatingError KAIMON_FILE_READ */
export const openPassages = (
  state: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<StateFile<Kept>> =>
  StateFile.open({
    file: join(state, 'passages.json'),
    name: 'passages',
    schema: keptSchema,
    empty: NOTHING_KEPT,
    delayMs: SAVE_MS,
    clock,
    log,
  });

export interface WhereaboutsParts {
  readonly rule: PassbackRule;
  readonly calendar: Calendar;
  /** This gate's name; stands in versions. */
  readonly gate: string;
  readonly file: Pick<StateFile<Kept>, 'found' | 'save'>;
  readonly clock: Clock;
  readonly clockTrusted: () => boolean;
  /** Whether a contact tells that the door was opened. */
  readonly hasContact: boolean;
  /** How long after a grant the door may be opened. */
  readonly pulseMs: number;
  readonly told: {
    /** Somebody has gone through. */
    passed(person: string): void;
    /** Somebody was let in although he is there already: soft mode. */
    misfit(person: string, misfit: Misfit): void;
  };
}

/** Who is inside, as far as this site's gates have seen it, and how many have gone through this one. */
export class WhereaboutsKeeper {
  readonly #parts: WhereaboutsParts;
  readonly #listeners = new Set<(id: string) => void>();
  #whereabouts: Whereabouts;
  #watch: PassageWatch;
  #latest: string | null = null;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
    const { counts, passages } = parts.file.found;
    this.#whereabouts = new Map(Object.entries(passages));
    for (const { version } of this.#whereabouts.values()) this.#noteVersion(version);
    this.#watch = newWatch(parts.hasContact, counts);
  }

  /** Whether anybody's whereabouts are remembered, and shared with the site. */
  get shared(): boolean {
    return this.#parts.rule.mode !== 'off';
  }

  get counts(): PassageCounts {
    return this.#watch.counts;
  }

  /** Whether this person's passage would contradict what is known, and is refused for that. */
  refuses(person: string): boolean {
    return this.#misfit(person)?.refused ?? false;
  }

  /** Somebody was let in. */
  letIn(person: string): void {
    const { clock, pulseMs, told } = this.#parts;
    const misfit = this.#misfit(person);
    if (misfit) told.misfit(person, misfit);
    this.#follow(letIn(this.#watch, person, clock.monotonic(), pulseMs));
  }

  /** What the contact says. @param why by what the door is released */
  contact(open: boolean, why: 'pulse' | 'free' | 'forced'): void {
    this.#follow(contactSays(this.#watch, open, why, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is lost, or back. */
  contactLost(lost: boolean): void {
    this.#watch = contactLost(this.#watch, lost);
  }

  /** At every gate of the site nothing is known of this person any more. */
  forgive(person: string): void {
    this.#place(person, null);
  }

  /** Lets go of what the last reset made void. To be called each minute. */
  purge(): void {
    const left = sinceReset(this.#whereabouts, this.#reset());
    if (left === this.#whereabouts) return;
    this.#whereabouts = left;
    this.#save();
  }

  /** Sentences for the state. @param linked whether the broker is there */
  problems(linked: boolean): readonly string[] {
    if (!this.shared || linked) return [];
    return ['anti-passback: without the broker it is not known who goes in and out at other gates'];
  }

  /** The records that the site shares. */
  records(topics: Topics): SharedRecords<Passage> {
    const own = (id: string) => this.#whereabouts.get(id);
    return {
      name: 'passages',
      filter: topics.passages,
      topic: topics.passage,
      ids: () => this.#whereabouts.keys(),
      version: (id) => own(id)?.version,
      read: (id, payload) => readPassage(payload, own(id)?.version),
      text: (id) => {
        const passage = own(id);
        return passage && JSON.stringify(passage);
      },
      merge: async (id, passage) => this.#merge(id, passage),
      onLocal: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  #merge(id: string, passage: Passage): MergeOutcome {
    const now = this.#parts.clock.wall();
    if (isFuture(passage.version, now)) return 'future';
    this.#noteVersion(passage.version);
    const reset = this.#reset();
    if (reset !== undefined && Date.parse(passage.since) < reset) return 'same';
    const after = learned(this.#whereabouts, id, passage, now);
    if (after === this.#whereabouts) return 'older';
    this.#whereabouts = after;
    this.#save();
    return 'taken';
  }

  #misfit(person: string): Misfit | undefined {
    return misfitOf(this.#parts.rule, this.#whereabouts.get(person), this.#reset());
  }

  /** Undefined while the clock is not trusted: forgetting lets somebody in. */
  #reset(): WallMs | undefined {
    const { rule, clock, calendar, clockTrusted } = this.#parts;
    return rule.resetAt.length > 0 && clockTrusted() ? lastReset(rule, clock.wall(), calendar) : undefined;
  }

  #follow({ watch, passed }: { readonly watch: PassageWatch; readonly passed: readonly string[] }): void {
    const counted = watch.counts !== this.#watch.counts;
    this.#watch = watch;
    for (const person of passed) {
      if (this.shared) this.#place(person, this.#parts.rule.direction === 'in');
      this.#parts.told.passed(person);
    }
    if (counted) this.#save();
  }

  #place(person: string, inside: boolean | null): void {
    const { clock, gate } = this.#parts;
    const { whereabouts, passage } = placed(this.#whereabouts, person, inside, clock.wall(), gate, this.#latest);
    this.#whereabouts = whereabouts;
    this.#noteVersion(passage.version);
    this.#save();
    for (const listener of this.#listeners) listener(person);
  }

  #noteVersion(version: string): void {
    if (this.#latest === null || version > this.#latest) this.#latest = version;
  }

  #save(): void {
    this.#parts.file.save({ schema: 1, counts: this.counts, passages: Object.fromEntries(this.#whereabouts) });
  }
}
