import type { TrustedClock } from '../clock-trust/trusted-clock.js';
import type { Clock, WallMs } from '../kit/clock.js';
import type { StateFile } from '../kit/files/state-file.js';
import type { MergeOutcome } from '../person/version.js';
import type { Calendar } from '../schedule/calendar.js';
import { LastPassages, type LastPassagesParts } from './last-passages.js';
import {
  contactBack,
  contactLost,
  contactSays,
  type Detected,
  expectNobody,
  letIn,
  newDetection,
  type PassageCounts,
  type PassageDetection,
} from './passage-detection.js';
import type { PassagesDocument } from './passages-file.js';
import { lastReset, type Misfit, misfitOf, type Passage, type PassbackRule } from './passback.js';

export interface WhereaboutsParts {
  readonly rule: PassbackRule;
  readonly calendar: Calendar;
  /** This gate's name; stands in versions. */
  readonly gate: string;
  /** Of whom whereabouts are kept: not of those who were removed. */
  readonly people: LastPassagesParts['people'];
  readonly file: Pick<StateFile<PassagesDocument>, 'found' | 'save'>;
  readonly clock: Clock;
  readonly trustedClock: Pick<TrustedClock, 'trusted'>;
  /** Whether a contact tells that the door was opened. */
  readonly hasContact: boolean;
  /** How long after a grant the door may be opened. */
  readonly pulseMs: number;
  /** A person has gone through. */
  readonly onPassed: (person: string) => void;
  /** A person was let in although they are there already: soft mode. */
  readonly onMisfit: (person: string, misfit: Misfit) => void;
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
    return this.#misfit(person)?.refused ?? false;
  }

  /** Somebody was let in. */
  letIn(person: string): void {
    if (this.#fire) return;
    const { clock, pulseMs, onMisfit } = this.#parts;
    const misfit = this.#misfit(person);
    if (misfit) onMisfit(person, misfit);
    this.#follow(letIn(this.#detection, person, clock.monotonic(), pulseMs));
  }

  /** What the contact says. @param why by what the door is released */
  contact(open: boolean, why: 'pulse' | 'free' | 'forced'): void {
    const seen = this.#fire && why === 'pulse' ? 'free' : why;
    this.#follow(contactSays(this.#detection, open, seen, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is lost. */
  contactLost(): void {
    this.#follow(contactLost(this.#detection, this.#parts.clock.monotonic()));
  }

  /** The contact's wire is back. @param open what it says */
  contactBack(open: boolean): void {
    this.#detection = contactBack(this.#detection, open);
  }

  /** At every gate of the site nothing is known of this person any more. */
  forgive(person: string): void {
    this.#passages.place(person, null);
  }

  /** A fire lets everybody through unasked: who went where is not known, and whoever comes back must not be taken for somebody inside. */
  fire(active: boolean): void {
    this.#fire = active;
    if (!active) return;
    this.#detection = expectNobody(this.#detection);
    this.#passages.forgiveAll();
  }

  /** Lets go of what the last reset made void. To be called each minute. */
  purge(): void {
    if (this.#parts.trustedClock.trusted) this.#passages.date();
    this.#passages.purge(this.#reset());
  }

  /** Sentences for the state. @param linked whether the broker is there */
  problems(linked: boolean): readonly string[] {
    if (!this.shared || linked) return [];
    return ['anti-passback: without the broker it is not known who goes in and out at other gates'];
  }

  /** Of whom something is known. */
  ids(): Iterable<string> {
    return this.#passages.ids();
  }

  /** The newest passage of a person that counts now. */
  passage(person: string): Passage | undefined {
    return this.#passages.get(person);
  }

  /** Whether this person was removed: nobody may keep where they were. */
  isGone(person: string): boolean {
    return this.#passages.isGone(person);
  }

  /** Takes over what another gate saw. @throws Error for a person who is not enrolled when no more fit */
  merge(person: string, passage: Passage): MergeOutcome {
    return this.#passages.merge(person, passage, this.#reset());
  }

  /** Calls back when this gate itself changes what is known of a person. @returns ends that */
  onLocal(listener: (person: string) => void): () => void {
    return this.#passages.onLocal(listener);
  }

  #misfit(person: string): Misfit | undefined {
    return misfitOf(this.#parts.rule, this.#passages.get(person), this.#reset());
  }

  /** Undefined while the clock is not trusted: forgetting lets somebody in. */
  #reset(): WallMs | undefined {
    const { rule, clock, calendar, trustedClock } = this.#parts;
    return rule.resetAt.length > 0 && trustedClock.trusted ? lastReset(rule, clock.wall(), calendar) : undefined;
  }

  #follow({ detection, passed }: Detected): void {
    const counted = detection.counts !== this.#detection.counts;
    this.#detection = detection;
    for (const person of passed) {
      if (this.shared) this.#passages.place(person, this.#parts.rule.direction === 'in');
      this.#parts.onPassed(person);
    }
    if (counted) this.#save();
  }

  #save(): void {
    // Looked at when it is written, not at each of ten thousand records.
    this.#parts.file.save(() => ({ schema: 1, counts: this.counts, passages: this.#passages.snapshot() }));
  }
}
