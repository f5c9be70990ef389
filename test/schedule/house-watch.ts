import { EVIDENCE_DAYS, JOURNAL_DAYS } from './running-year.js';
import { KeptFiles, leavePicture, noteJournal, pictures } from './kept-files.js';
import type { Course } from './year.js';
import type { YearGate } from './year-gate.js';

const [MINUTE_MS, HOUR_MINUTES] = [60_000, 60];
/** The minutes of the hour in which old pictures and old entries are purged, and a moment for each when it is left as it is. */
const [EVIDENCE_MINUTE, JOURNAL_MINUTE] = [17, 23];

/** Watches a door that follows its modes, and what is left of its files. */
export class HouseWatch {
  readonly #gate: YearGate;
  readonly #mode: Course;
  readonly #journal = new KeptFiles(JOURNAL_DAYS);
  readonly #pictures = new KeptFiles(EVIDENCE_DAYS);
  /** What the door was last to be, and whether that was by a clock that is believed. */
  #due: string | undefined;
  #compared = false;
  /** Whether a purge by age was due in this hour. */
  #purgedMs = new Map<number, number | undefined>();
  comparisons = 0;
  modeChanges = 0;

  constructor(gate: YearGate, mode: Course) {
    this.#gate = gate;
    this.#mode = mode;
  }

  get journalFiles(): number {
    return this.#journal.purged;
  }
  get pictures(): number {
    return this.#pictures.purged;
  }

  /** @param trusted whether the clock is believed; undefined: a moment ago that changed */
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
    if (this.#gate.mode() !== due) wrong(`the door is in mode ${this.#gate.mode()}, luxon says ${due}`);
    if (this.#gate.released() !== opens(due)) wrong(`the relay is ${this.#gate.released() ? 'released' : 'locked'} in ${due}`);
    if (compared && moves !== (opens(due) === opens(this.#due) ? 0 : 1)) wrong(`the relay moved ${moves} times`);
    this.comparisons += compared ? 3 : 2;
    if (this.#due !== undefined && this.#due !== due) this.modeChanges++;
    this.#due = due;
  }

  /** @param latestMs the latest time that the gate may have gone by */
  async files(nowMs: number, trusted: boolean | undefined, latestMs: number, wrong: (text: string) => void): Promise<void> {
    const { state } = this.#gate.paths;
    const minute = Math.floor(nowMs / MINUTE_MS) % HOUR_MINUTES;
    for (const due of [EVIDENCE_MINUTE, JOURNAL_MINUTE]) if (minute === due) this.#purgedMs.set(due, trusted ? nowMs : undefined);
    const purgedMs = (due: number) => this.#purgedMs.get(due);
    if (minute === EVIDENCE_MINUTE + 1) {
      this.comparisons++;
      for (const text of this.#pictures.wrong(await pictures(state), purgedMs(EVIDENCE_MINUTE), latestMs)) wrong(text);
      await leavePicture(state, nowMs, this.#pictures);
    }
    if (minute === JOURNAL_MINUTE + 1) {
      this.comparisons++;
      const names = await noteJournal(state, this.#journal);
      for (const text of this.#journal.wrong(names, purgedMs(JOURNAL_MINUTE), latestMs)) wrong(`journal: ${text}`);
    }
  }
}
