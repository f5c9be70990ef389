import { wallTime } from './painted.js';
import type { Course } from './year.js';
import type { Rights, YearGate } from './year-gate.js';

/** Local times at which it is forgotten who is inside; two of them fall into changes of the clock. */
const RESET_AT = ['01:15', '02:15', '14:00'];
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
const HOUR_MINUTES = 60;
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
  /** Whether the clock is to be believed; undefined: a moment ago that changed. */
  readonly trusted: boolean | undefined;
}

interface Visitor {
  readonly name: string;
  readonly rights: Rights;
  readonly may: (at: Local, ms: number) => boolean;
  readonly refused: readonly string[];
}

/** When each time of reset comes, by luxon: of one that comes twice the first, of one that is left out the end of the gap. */
function resetsOf(zone: string, fromMs: number, toMs: number): ReadonlySet<number> {
  const times = RESET_AT.map((text) => Number(text.slice(0, 2)) * HOUR_MINUTES + Number(text.slice(3)));
  const [resets, done] = [new Set<number>(), new Set<string>()];
  for (let ms = fromMs; ms < toMs; ms += MINUTE_MS) {
    const { date, minute } = wallTime(ms, zone);
    const due = times.filter((time) => time <= minute && !done.has(`${date} ${time}`));
    for (const time of due) done.add(`${date} ${time}`);
    if (due.length > 0) resets.add(ms);
  }
  return resets;
}

/**
 * People who come to the door: one for each schedule, who may enter while it is open; a guest with dates; and the walker, who may always
 * enter, but not twice without a reset in between, and goes in before each.
 */
export class PeopleWatch {
  readonly #visitors: readonly Visitor[];
  readonly #resets: ReadonlySet<number>;
  /** When the walker went in; undefined: may do so. */
  #insideMs: number | undefined;
  #before: readonly boolean[] | undefined;
  #minutes = 0;
  #doubt = 0;
  comparisons = 0;
  /** How often somebody's hours or dates began or ended. */
  hoursChanges = 0;
  /** How often the walker was forgotten. */
  resets = 0;
  /** How often somebody came to the door. */
  attempts = 0;

  constructor(zone: string, courses: readonly Course[], fromMs: number, toMs: number) {
    const third = Math.floor((toMs - fromMs) / 3 / MINUTE_MS) * MINUTE_MS;
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
    this.#resets = resetsOf(zone, fromMs - 2 * DAY_MS, toMs + DAY_MS);
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
    if (!at.trusted) {
      if (at.trusted === false && this.#doubt++ % DOUBT_MINUTES === 0) await this.#inDoubt(gate, at, wrong);
      this.#before = undefined;
      return;
    }
    await this.#walker(gate, at, wrong);
    const may = this.#visitors.map((one) => one.may(at.now, at.ms));
    for (const [i, visitor] of this.#visitors.entries()) {
      const changes = may[i] !== this.#before?.[i] || may[i] !== visitor.may(at.next, at.ms + MINUTE_MS);
      const visits = (this.#minutes + i * HOUR_MINUTES) % (HOUR_MINUTES * this.#visitors.length) === 0;
      if (changes || visits) await this.#expect(gate, i, visitor.name, may[i] ? ['granted'] : visitor.refused, wrong);
    }
    const before = this.#before;
    if (before) this.hoursChanges += may.filter((one, i) => one !== before[i]).length;
    this.#before = may;
  }

  /** Nobody enters by hours or dates, and nobody is forgotten. */
  async #inDoubt(gate: YearGate, { ms }: Minute, wrong: (text: string) => void): Promise<void> {
    for (const [i, { name }] of this.#visitors.entries()) await this.#expect(gate, i, name, ['clock'], wrong);
    if (!this.#wentInAfter(ms)) await this.#comes(gate, wrong);
  }

  /** Tries in the minute before each reset, when it is still refused, and in that of the reset; goes in two minutes before. */
  async #walker(gate: YearGate, { ms }: Minute, wrong: (text: string) => void): Promise<void> {
    if (this.#wentInAfter(ms)) return;
    const forgotten = this.#resetSince(ms);
    if (forgotten) {
      this.resets++;
      this.#insideMs = undefined;
    }
    const [soon, later] = [this.#resets.has(ms + MINUTE_MS), this.#resets.has(ms + 2 * MINUTE_MS)];
    if (forgotten || soon || later) await this.#comes(gate, wrong);
    if (!later || this.#insideMs !== undefined) return;
    await gate.goesThrough();
    this.#insideMs = ms;
    await this.#comes(gate, wrong);
  }

  /** Went in by a clock that was put back since: what counts then is for other tests. */
  #wentInAfter(ms: number): boolean {
    return this.#insideMs !== undefined && this.#insideMs > ms;
  }

  #resetSince(ms: number): boolean {
    if (this.#insideMs === undefined) return false;
    for (let at = this.#insideMs + MINUTE_MS; at <= ms; at += MINUTE_MS) if (this.#resets.has(at)) return true;
    return false;
  }

  #comes(gate: YearGate, wrong: (text: string) => void): Promise<void> {
    const answer = this.#insideMs === undefined ? 'granted' : 'passback';
    return this.#expect(gate, this.#visitors.length, 'walker', [answer], wrong);
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
    if ((answer === 'granted') !== gate.released()) wrong(`${name}: ${answer}, and the relay is not as it should be`);
  }
}
