import { KeptFiles, leavePicture, noteJournal, pictures } from './kept-files.js';
import type { Course } from './year.js';
import type { YearGate } from './year-gate.js';

const [MINUTE_MS, HOUR_MINUTES] = [60_000, 60];
/** The minutes of the hour, in UTC, in which old pictures and old entries are purged. */
const [EVIDENCE_MINUTE, JOURNAL_MINUTE] = [17, 23];

/** Watches a door that follows its modes, and what is left of its files. */
export class HouseWatch {
  readonly #gate: YearGate;
  readonly #mode: Course;
  readonly #journal: KeptFiles;
  readonly #pictures: KeptFiles;
  /** What the door was last to be. */
  #due: string | undefined;
  #compared = false;
  /** When files were last to be purged by age, by the minute of the hour; undefined: not by a clock that is not believed. */
  readonly #purgedMs = new Map<number, number | undefined>();
  comparisons = 0;
  modeChanges = 0;

  constructor(
    gate: YearGate,
    mode: Course,
    { journalDays, evidenceDays }: { readonly journalDays: number; readonly evidenceDays: number },
  ) {
    this.#gate = gate;
    this.#mode = mode;
    this.#journal = new KeptFiles(journalDays);
    this.#pictures = new KeptFiles(evidenceDays);
  }

  get journalFiles(): number {
    return this.#journal.purged;
  }
  get pictures(): number {
    return this.#pictures.purged;
  }

  /** @param trusted whether the clock is to be believed; undefined: a moment ago that changed */
  minute(
    { date, minute }: { readonly date: string; readonly minute: number },
    trusted: boolean | undefined,
    wrong: (text: string) => void,
  ): void {
    const moves = this.#gate.moves();
    const compared = this.#compared;
    this.#compared = trusted !== undefined;
    if (trusted === undefined) return;
    // While the clock is not believed open house ends, and else the door stays as it is.
    const planned = trusted ? this.#mode.theirs(date, minute) : this.#due;
    const due = !trusted && planned === 'open-house' ? 'normal' : (planned ?? 'normal');
    const opens = (mode: string | undefined) => mode === 'open-house';
    const released = this.#gate.released();
    if (this.#gate.believesClock() !== trusted) wrong(`the clock is ${trusted ? 'not ' : ''}believed`);
    if (this.#gate.mode() !== due) wrong(`the door is in mode ${this.#gate.mode()}, luxon says ${due}`);
    if (released !== opens(due)) wrong(`the relay is ${released ? 'released' : 'locked'} in ${due}`);
    if (compared && moves !== (opens(due) === opens(this.#due) ? 0 : 1)) wrong(`the relay moved ${moves} times`);
    this.comparisons += compared ? 4 : 3;
    if (this.#due !== undefined && this.#due !== due) this.modeChanges++;
    this.#due = due;
  }

  /** @param latestMs the latest time that the gate may have gone by */
  async files(
    nowMs: number,
    trusted: boolean | undefined,
    latestMs: number,
    wrong: (text: string) => void,
  ): Promise<void> {
    const { state } = this.#gate.paths;
    const minute = Math.floor(nowMs / MINUTE_MS) % HOUR_MINUTES;
    if (minute === EVIDENCE_MINUTE || minute === JOURNAL_MINUTE)
      this.#purgedMs.set(minute, trusted ? nowMs - (nowMs % MINUTE_MS) : undefined);
    if (minute === EVIDENCE_MINUTE + 1) {
      this.comparisons++;
      const names = await pictures(state);
      for (const text of this.#pictures.wrong(names, this.#purgedMs.get(EVIDENCE_MINUTE), latestMs)) wrong(text);
      await leavePicture(state, nowMs, this.#pictures);
    }
    if (minute === JOURNAL_MINUTE + 1) {
      this.comparisons++;
      const names = await noteJournal(state, this.#journal);
      for (const text of this.#journal.wrong(names, this.#purgedMs.get(JOURNAL_MINUTE), latestMs))
        wrong(`journal: ${text}`);
    }
  }
}
