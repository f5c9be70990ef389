import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Clock, WallMs } from '../kit/clock.js';
import type { StateFile } from '../kit/files/state-file.js';
import type { MergeOutcome } from '../person/version.js';
import type { Calendar } from '../schedule/calendar.js';
import { LastPassages, type LastPassagesParts } from './last-passages.js';
import {
  contactBack,
  contactChanged,
  contactLost,
  type Detected,
  forgetExpected,
  letIn,
  newDetection,
  type PassageCounts,
  type PassageDetection,
} from './passage-detection.js';
import type { PassagesDocument } from './passages-file.js';
import { lastReset, type Passage, type PassbackRule, type PassbackViolation, violationOf } from './passback.js';

export interface WhereaboutsParts {
  readonly rule: PassbackRule;
  readonly calendar: Calendar;
  /** This gate's name; stands in versions. */
  readonly gate: string;
  /** Whereabouts are kept of these people, and not of those who were removed. */
  readonly people: LastPassagesParts['people'];
  readonly file: Pick<StateFile<PassagesDocument>, 'found' | 'save' | 'saveNow'>;
  readonly clock: Clock;
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  /** Whether a contact shows that the door was opened. */
  readonly hasContact: boolean;
  /** How long after a grant the door may be opened, in milliseconds. */
  readonly pulseMs: number;
  /** A person has gone through. */
  readonly onPassed: (person: string) => void;
  /** A person was let in although they are there already: soft mode. */
  readonly onViolation: (person: string, violation: PassbackViolation) => void;
}

/** Who is inside, as far as this site's gates have seen it, and how many have gone through this one. */
export class Whereabouts {
  readonly #parts: WhereaboutsParts;
  readonly #passages: LastPassages;
  #detection: PassageDetection;
  #fire = false;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
    const { counts, passages } = parts.file.found;
    this.#passages = new LastPassages(passages, { ...parts, onChange: () => this.#save() });
    this.#detection = newDetection(parts.hasContact, counts);
  }

  /** Whether anybody's whereabouts are remembered, and shared with the site. */
  get shared(): boolean {
    return this.#parts.rule.mode !== 'off';
  }

  get counts(): PassageCounts {
    return this.#detection.counts;
  }

  /** Whether this person's passage contradicts what is known, and is refused for that. */
  refuses(person: string): boolean {
    return this.#violation(person)?.refused ?? false;
  }

  /** A person was let in. */
  letIn(person: string): void {
    if (this.#fire) return;
    const { clock, pulseMs, onViolation } = this.#parts;
    const violation = this.#violation(person);
    if (violation) onViolation(person, violation);
    this.#apply(letIn(this.#detection, person, clock.monotonic(), pulseMs));
  }

  /** The contact reports the door open or closed. @param why what has released the door */
  contact(open: boolean, why: 'pulse' | 'free' | 'forced'): void {
    const released = this.#fire && why === 'pulse' ? 'free' : why;
    this.#apply(contactChanged(this.#detection, open, released, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is lost. */
  contactLost(): void {
    this.#apply(contactLost(this.#detection, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is back. @param open what it says */
  contactBack(open: boolean): void {
    this.#detection = contactBack(this.#detection, open);
  }

  /**
   * At every gate of the site nothing is known of this person any more. Counts at once; resolves when it is on the disk, and rejects
   * with the error of the disk.
   */
  forgive(person: string): Promise<void> {
    this.#passages.place(person, null);
    return this.#parts.file.saveNow(() => this.#document());
  }

  /** A fire lets everybody through unasked: who went where is not known, and a person who comes back must not count as inside. */
  fire(active: boolean): void {
    this.#fire = active;
    if (!active) return;
    this.#detection = forgetExpected(this.#detection);
    this.#passages.forgiveAll();
  }

  /** Drops what the last reset made void. To be called each minute. */
  purge(): void {
    if (this.#parts.trustedClock.trusted) this.#passages.date();
    this.#passages.purge(this.#reset());
  }

  /** Sentences for the state. @param linked whether the broker is there */
  problems(linked: boolean): readonly string[] {
    if (!this.shared || linked) return [];
    return ['anti-passback: without the broker it is not known who goes in and out at other gates'];
  }

  /** The people of whom something is known. */
  ids(): Iterable<string> {
    return this.#passages.ids();
  }

  /** The newest passage of a person that counts now. */
  passage(person: string): Passage | undefined {
    return this.#passages.get(person);
  }

  /** Whether this person was removed: where they were must not be kept then. */
  isGone(person: string): boolean {
    return this.#passages.isGone(person);
  }

  /** Takes over what another gate saw. @throws Error for a person who is not enrolled when no more fit */
  merge(person: string, passage: Passage): MergeOutcome {
    return this.#passages.merge(person, passage, this.#reset());
  }

  /** Calls back when this gate itself changes what is known of a person. @returns removes the listener */
  onLocal(listener: (person: string) => void): () => void {
    return this.#passages.onLocal(listener);
  }

  #violation(person: string): PassbackViolation | undefined {
    return violationOf(this.#parts.rule, this.#passages.get(person), this.#reset());
  }

  /** The last reset; undefined while the clock is not trusted: a reset lets people in. */
  #reset(): WallMs | undefined {
    const { rule, clock, calendar, trustedClock } = this.#parts;
    return rule.resetAt.length > 0 && trustedClock.trusted ? lastReset(rule, clock.wall(), calendar) : undefined;
  }

  #apply({ detection, passed }: Detected): void {
    const counted = detection.counts !== this.#detection.counts;
    this.#detection = detection;
    for (const person of passed) {
      if (this.shared) this.#passages.place(person, this.#parts.rule.direction === 'in');
      this.#parts.onPassed(person);
    }
    if (counted) this.#save();
  }

  #save(): void {
    // The document is built when it is written, not at each of ten thousand records.
    this.#parts.file.save(() => this.#document());
  }

  #document(): PassagesDocument {
    return { schema: 1, counts: this.counts, passages: this.#passages.snapshot() };
  }
}
