import { join } from 'node:path';
import { z } from 'zod';
import type { Clock, WallMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import { StateFile } from '../kit/state-file.js';
import { PEOPLE_MAX, personIdSchema } from '../person/person.js';
import type { Calendar } from '../schedule/calendar.js';
import { passageRecords } from '../site/sync/passage-records.js';
import type { SharedRecords } from '../site/sync/shared-records.js';
import type { Topics } from '../site/topics.js';
import { PassageBook, type PassageBookParts } from './last-passages.js';
import {
  contactBack,
  contactLost,
  contactSays,
  expectNobody,
  letIn,
  NO_COUNTS,
  newWatch,
  type PassageCounts,
  type PassageWatch,
} from './passage-detection.js';
import { lastReset, type Misfit, misfitOf, type Passage, type PassbackRule, passageSchema } from './passback.js';

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

/** Takes one person out of the file of a gate that does not run. @returns whether the person stood in it @throws OperatingError KAIMON_FILE_READ, KAIMON_FILE_WRITE */
export async function forgetPassage(
  state: string,
  id: string,
  parts: { readonly clock: Clock; readonly log: Log },
): Promise<boolean> {
  const file = await openPassages(state, parts);
  const stands = Object.hasOwn(file.found.passages, id);
  const passages = Object.fromEntries(Object.entries(file.found.passages).filter(([other]) => other !== id));
  try {
    if (stands) await file.saveNow(() => ({ ...file.found, passages }));
    return stands;
  } finally {
    // Otherwise it would go on trying.
    await file.close();
  }
}

export interface WhereaboutsParts {
  readonly rule: PassbackRule;
  readonly calendar: Calendar;
  /** This gate's name; stands in versions. */
  readonly gate: string;
  /** Of whom whereabouts are kept: not of those who were removed. */
  readonly people: PassageBookParts['people'];
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
  readonly #book: PassageBook;
  #watch: PassageWatch;
  #fire = false;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
    const { counts, passages } = parts.file.found;
    this.#book = new PassageBook(passages, { ...parts, changed: () => this.#save() });
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
    if (this.#fire) return;
    const { clock, pulseMs, told } = this.#parts;
    const misfit = this.#misfit(person);
    if (misfit) told.misfit(person, misfit);
    this.#follow(letIn(this.#watch, person, clock.monotonic(), pulseMs));
  }

  /** What the contact says. @param why by what the door is released */
  contact(open: boolean, why: 'pulse' | 'free' | 'forced'): void {
    const seen = this.#fire && why === 'pulse' ? 'free' : why;
    this.#follow(contactSays(this.#watch, open, seen, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is lost. */
  contactLost(): void {
    this.#follow(contactLost(this.#watch, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is back. @param open what it says */
  contactBack(open: boolean): void {
    this.#watch = contactBack(this.#watch, open);
  }

  /** At every gate of the site nothing is known of this person any more. */
  forgive(person: string): void {
    this.#book.place(person, null);
  }

  /** A fire lets everybody through unasked: who went where is not known, and whoever comes back must not be taken for somebody inside. */
  fire(active: boolean): void {
    this.#fire = active;
    if (!active) return;
    this.#watch = expectNobody(this.#watch);
    this.#book.forgiveAll();
  }

  /** Lets go of what the last reset made void. To be called each minute. */
  purge(): void {
    if (this.#parts.clockTrusted()) this.#book.date();
    this.#book.purge(this.#reset());
  }

  /** Sentences for the state. @param linked whether the broker is there */
  problems(linked: boolean): readonly string[] {
    if (!this.shared || linked) return [];
    return ['anti-passback: without the broker it is not known who goes in and out at other gates'];
  }

  /** The records that the site shares. */
  records(topics: Topics): SharedRecords<Passage> {
    return passageRecords(this.#book, () => this.#reset(), topics);
  }

  #misfit(person: string): Misfit | undefined {
    return misfitOf(this.#parts.rule, this.#book.get(person), this.#reset());
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
      if (this.shared) this.#book.place(person, this.#parts.rule.direction === 'in');
      this.#parts.told.passed(person);
    }
    if (counted) this.#save();
  }

  #save(): void {
    // Looked at when it is written, not at each of ten thousand records.
    this.#parts.file.save(() => ({ schema: 1, counts: this.counts, passages: this.#book.snapshot() }));
  }
}
