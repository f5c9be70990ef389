import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import type { DoorMode } from '../schedule/door-mode.js';
import {
  DOOR_AT_START,
  type Door,
  type DoorEffect,
  type DoorEvent,
  type DoorReport,
  type DoorRule,
  type DoorState,
  type DoorTimer,
  isReleased,
  type Signals,
  stateOf,
  whyNotOpen,
} from './door.js';
import { signalsOf } from './door-effects.js';
import { step } from './door-step.js';
import { type Indicators, noIndicators } from './indicators.js';
import type { InputName } from './inputs.js';
import type { Lock } from './lock.js';

type Timeless<E> = E extends DoorEvent ? Omit<E, 'atMs'> : never;

/** Carries out what the door's step function asks for, at once and in its order. */
export class DoorKeeper {
  readonly #lock: Lock;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rule: DoorRule;
  readonly #onReport: (report: DoorReport) => void;
  readonly #indicators: Indicators;
  readonly #timers = new Map<DoorTimer, Timer>();
  #door: Door;
  #lastReported: DoorState;
  #leaveFault: string | null = null;

  /** @param door as it is found: a fire may have outlasted the process before this one */
  constructor(
    lock: Lock,
    clock: Clock,
    log: Log,
    rule: DoorRule,
    onReport: (report: DoorReport) => void,
    indicators: Indicators = noIndicators,
    door: Door = DOOR_AT_START,
  ) {
    this.#lock = lock;
    this.#clock = clock;
    this.#log = log;
    this.#rule = rule;
    this.#onReport = onReport;
    this.#indicators = indicators;
    this.#door = door;
    this.#lastReported = stateOf(door);
    this.#show(signalsOf(door));
  }

  get state(): DoorState {
    return stateOf(this.#door);
  }

  get mode(): DoorMode {
    return this.#door.mode;
  }

  /** All that is known of the door. */
  get door(): Door {
    return this.#door;
  }

  /** Why the door would not be left as it must be if this process were killed now; null: it would be. */
  get leaveFault(): string | null {
    return this.#leaveFault;
  }

  /** Why neither face nor request opens now; undefined when they do. */
  get shut(): ReturnType<typeof whyNotOpen> {
    return whyNotOpen(this.#door);
  }

  /**
   * Releases the bolt for one pulse. @param token joins the report to the decision; says nothing about the person
   * @returns false when the door is out of order or its mode keeps it shut.
   */
  open(kind: 'grant' | 'open' = 'grant', token: string | null = null): boolean {
    this.#take({ kind, token });
    return this.shut === undefined && isReleased(this.#door);
  }

  /** Locks for all but those who leave, and ends open house. */
  lock(): void {
    this.#take({ kind: 'lock' });
  }

  setMode(mode: DoorMode): void {
    this.#take({ kind: 'mode', mode });
  }

  /** An input has changed. @param active open, pressed, opened by force, fire */
  input(name: InputName, active: boolean): void {
    if (name === 'contact') this.#take({ kind: name, open: active });
    else if (name !== 'rex') this.#take({ kind: name, active });
    else if (active) this.#take({ kind: name });
  }

  /** The relay failed by itself, between two commands. */
  fault(why: string): void {
    // A relay that fails each time it is driven must not be driven again at once for that.
    if (this.#door.fault !== null || this.#door.stopped) return;
    this.#log.error({ why }, 'the relay failed');
    this.#take({ kind: 'io-error', why });
  }

  /** Locks (in a fire: leaves released), and frees the line of the lock. Safe to call twice. */
  stop(): void {
    if (this.#door.stopped) return;
    try {
      this.#take({ kind: 'stop' });
    } finally {
      this.#close();
    }
  }

  #close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    for (const part of [this.#lock, this.#indicators]) {
      try {
        part.close();
      } catch (thrown) {
        this.#log.error({ why: explain(thrown) }, 'the lock could not be closed');
      }
    }
  }

  #take(given: Timeless<DoorEvent>): void {
    const reports = this.#carryOut({ ...given, atMs: this.#clock.monotonic() } as DoorEvent);
    // If the relay fails, the door's state changes twice: only the last one is reported.
    const door = reports.filter(({ type }) => type === 'door').at(-1);
    for (const report of reports) if (report.type !== 'door') this.#onReport(report);
    if (!door || this.state === this.#lastReported) return;
    this.#lastReported = this.state;
    this.#onReport(door);
  }

  /** @returns what there is to report, after the relay has moved */
  #carryOut(event: DoorEvent): DoorReport[] {
    const { door, effects } = step(this.#door, event, this.#rule);
    this.#door = door;
    const reports: DoorReport[] = [];
    let broken: string | undefined;
    for (const effect of effects) {
      if (effect.kind === 'report') reports.push(effect.report);
      else broken = this.#act(effect) ?? broken;
    }
    // A door in fault stays in fault until the daemon is restarted; its relay is still driven.
    if (broken === undefined || this.#door.fault !== null || this.#door.stopped) return reports;
    return [...reports, ...this.#carryOut({ kind: 'io-error', why: broken, atMs: event.atMs })];
  }

  /** @returns why the relay did not obey */
  #act(effect: Exclude<DoorEffect, { readonly kind: 'report' }>): string | undefined {
    switch (effect.kind) {
      case 'arm':
        this.#timers.get(effect.timer)?.cancel();
        this.#timers.set(
          effect.timer,
          this.#clock.after(effect.afterMs, () => this.#ring(effect.timer)),
        );
        return undefined;
      case 'cancel':
        this.#timers.get(effect.timer)?.cancel();
        return undefined;
      case 'show':
        this.#show(effect);
        return undefined;
      case 'leave':
        this.#leave(effect.released);
        return undefined;
      case 'drive':
        return this.#drive(effect.released);
    }
  }

  #ring(timer: DoorTimer): void {
    this.#take({ kind: 'timer', timer });
  }

  #drive(released: boolean): string | undefined {
    try {
      this.#lock.drive(released);
      return undefined;
    } catch (thrown) {
      const why = explain(thrown);
      if (this.#door.fault === null) this.#log.error({ why, released }, 'the relay cannot be driven');
      return why;
    }
  }

  #leave(released: boolean): void {
    try {
      this.#lock.leaveAt(released);
      this.#leaveFault = null;
    } catch (thrown) {
      this.#leaveFault = explain(thrown);
      this.#log.error({ why: this.#leaveFault, released }, 'it cannot be recorded how the door must be left');
    }
  }

  #show({ green, red, buzzer }: Signals): void {
    try {
      this.#indicators.show({ green, red, buzzer });
    } catch (thrown) {
      this.#log.warn({ why: explain(thrown) }, 'a lamp or the buzzer cannot be driven');
    }
  }
}
