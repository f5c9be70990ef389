import type { Clock, Timer } from '../kit/clock.js';
import { type AttackAlarmReport, type AttackRule, endAlarm, extraProofMs, NO_ATTACKS, noteAttempt } from './attacks.js';

export interface AttackAlarmParts {
  readonly rule: AttackRule;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** The alarm begins, goes on or ends. */
  readonly onReport: (report: AttackAlarmReport) => void;
  /** Called when {@link AttackAlarm.problems} has changed. */
  readonly onChange: () => void;
}

/** Counts attempts with pictures and calls a guard. It keeps nobody out. */
export class AttackAlarm {
  readonly #parts: AttackAlarmParts;
  #attacks = NO_ATTACKS;
  #end: Timer | undefined;

  constructor(parts: AttackAlarmParts) {
    this.#parts = parts;
  }

  /** A picture was held to the camera. @param person whom it showed, if that could be seen */
  attempted(person: string | undefined): void {
    const { rule, clock } = this.#parts;
    const attempt = { atMs: clock.monotonic(), person: person ?? null };
    this.#take(noteAttempt(this.#attacks, attempt, rule));
    this.#awaitEnd();
  }

  /** For how long this person's face must have been alive beyond what is asked of everybody, milliseconds. */
  extraProofMs(person: string): number {
    const { rule, clock } = this.#parts;
    return extraProofMs(this.#attacks, person, clock.monotonic(), rule);
  }

  /** Sentences for the state. */
  problems(): readonly string[] {
    const { alarm } = this.#attacks;
    return alarm ? ['attack-alarm: pictures are held to the camera again and again, somebody should look'] : [];
  }

  close(): void {
    this.#end?.cancel();
  }

  #awaitEnd(): void {
    const { rule, clock } = this.#parts;
    this.#end?.cancel();
    this.#end = clock.after(rule.withinMs, () => {
      this.#take(endAlarm(this.#attacks, clock.monotonic(), rule));
      // A timer may fire a moment early.
      if (this.#attacks.alarm) this.#awaitEnd();
    });
  }

  #take({ attacks, report }: ReturnType<typeof noteAttempt>): void {
    const changed = (attacks.alarm === null) !== (this.#attacks.alarm === null);
    this.#attacks = attacks;
    if (report) this.#parts.onReport(report);
    if (changed) this.#parts.onChange();
  }
}
