import type { Course } from './year.js';
import type { Rights, YearGate } from './year-gate.js';

/** Local times at which it is forgotten who is inside; two of them fall into changes of the clock. */
const RESET_AT = ['01:15', '02:15', '14:00'];
const HOUR_MINUTES = 60;
const DAY_MINUTES = 1440;
/** How often people come while the clock is not believed. */
const DOUBT_MINUTES = 5;

interface Local {
  readonly date: string;
  readonly minute: number;
}

export interface Minute {
  readonly ms: number;
  readonly now: Local;
  readonly next: Local;
  /** Whether the clock is believed; undefined: a moment ago that changed. */
  readonly trusted: boolean | undefined;
}

interface Visitor {
  readonly name: string;
  readonly rights: Rights;
  readonly may: (at: Local, ms: number) => boolean;
  readonly refused: readonly string[];
}

/**
 * People who come to the door: one for each schedule, who may enter while it is open; a guest with dates; and the last one, who may always
 * enter, but not twice without a reset in between, and goes in before each.
 */
export class PeopleWatch {
  readonly #visitors: readonly Visitor[];
  readonly #resetAt = RESET_AT.map((text) => ({ text, minute: Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) }));
  /** Resets that were, by date and time. */
  readonly #done = new Set<string>();
  #doneBefore = false;
  #inside = false;
  #before: readonly boolean[] | undefined;
  #minutes = 0;
  #doubt = 0;
  comparisons = 0;
  hoursChanges = 0;
  resets = 0;
  attempts = 0;

  constructor(courses: readonly Course[], fromMs: number, toMs: number) {
    const third = Math.floor((toMs - fromMs) / 3 / 60_000) * 60_000;
    const [validFrom, validUntil] = [fromMs + third, toMs - third];
    const hours = courses.map(
      (course): Visitor => ({
        name: course.name,
        rights: { groups: [course.name] },
        may: ({ date, minute }) => course.theirs(date, minute) === 'true',
        refused: ['no-access-now'],
      }),
    );
    const guest: Visitor = {
      name: 'guest',
      rights: {
        groups: ['anytime'],
        validFrom: new Date(validFrom).toISOString(),
        validUntil: new Date(validUntil).toISOString(),
      },
      may: (_, ms) => ms >= validFrom && ms < validUntil,
      refused: ['not-valid-yet', 'expired'],
    };
    this.#visitors = [...hours, guest];
  }

  /** What the gate needs for them. */
  rules(access: { readonly groups: object }): { readonly access: object; readonly people: readonly Rights[] } {
    const groups = { ...access.groups, anytime: ['always'] };
    const passback = { mode: 'hard', direction: 'in', resetAt: RESET_AT };
    return {
      access: { ...access, groups, passback },
      people: [...this.#visitors.map(({ rights }) => rights), { groups: ['anytime'] }],
    };
  }

  /** Lets everybody come whose answer is of interest in this minute. */
  async minute(gate: YearGate, at: Minute, wrong: (text: string) => void): Promise<void> {
    this.#minutes++;
    if (at.trusted === undefined) {
      this.#before = undefined;
      return;
    }
    if (!at.trusted) {
      if (this.#doubt++ % DOUBT_MINUTES === 0)
        for (const [i, { name }] of this.#visitors.entries()) await this.#expect(gate, i, name, ['clock'], wrong);
      this.#before = undefined;
      return;
    }
    await this.#walker(gate, at, wrong);
    const may = this.#visitors.map((one) => one.may(at.now, at.ms));
    for (const [i, visitor] of this.#visitors.entries()) {
      const changes = may[i] !== this.#before?.[i] || may[i] !== visitor.may(at.next, at.ms + 60_000);
      const visits = (this.#minutes + i * HOUR_MINUTES) % (HOUR_MINUTES * this.#visitors.length) === 0;
      if (changes || visits) await this.#expect(gate, i, visitor.name, may[i] ? ['granted'] : visitor.refused, wrong);
    }
    const before = this.#before;
    if (before) this.hoursChanges += may.filter((one, i) => one !== before[i]).length;
    this.#before = may;
  }

  /** Tries in the minute before each reset, when it is still refused, and in that of the reset; goes in two minutes before. */
  async #walker(gate: YearGate, { now }: Minute, wrong: (text: string) => void): Promise<void> {
    if (this.#resetNow(now)) {
      this.resets++;
      this.#inside = false;
      await this.#comes(gate, wrong);
    }
    const soon = this.#resetAt.map(({ minute }) => (minute - now.minute + DAY_MINUTES) % DAY_MINUTES);
    if (soon.includes(1)) await this.#comes(gate, wrong);
    if (!soon.includes(2)) return;
    await this.#comes(gate, wrong);
    if (this.#inside) return;
    await gate.goesThrough();
    this.#inside = true;
    await this.#comes(gate, wrong);
  }

  #comes(gate: YearGate, wrong: (text: string) => void): Promise<void> {
    return this.#expect(gate, this.#visitors.length, 'walker', [this.#inside ? 'passback' : 'granted'], wrong);
  }

  /** Whether a time of reset has come with this minute: of one that comes twice the first counts, of one that is left out the end of the gap. */
  #resetNow({ date, minute }: Local): boolean {
    const due = this.#resetAt.filter((one) => one.minute <= minute && !this.#done.has(`${date} ${one.text}`));
    for (const { text } of due) this.#done.add(`${date} ${text}`);
    const first = !this.#doneBefore;
    this.#doneBefore = true;
    return due.length > 0 && !first;
  }

  async #expect(
    gate: YearGate,
    person: number,
    name: string,
    answers: readonly string[],
    wrong: (text: string) => void,
  ): Promise<void> {
    const answer = await gate.comes(person);
    this.attempts++;
    this.comparisons++;
    if (!answers.includes(answer)) wrong(`${name}: ${answer}, expected ${answers.join(' or ')}`);
    if (answer === 'granted' && !gate.released()) wrong(`${name} was let in and the relay is locked`);
  }
}
