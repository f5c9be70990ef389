import { whyNotNow } from '../access/groups.js';
import type { Reason } from '../access/reasons.js';
import type { Rules } from '../access/rules.js';
import { isLockedOut, NO_LOCKOUT, noteSpoof } from '../access/spoof-lockout.js';
import {
  type ClockFacts,
  type ClockTrust,
  DISTRUST_TEXT,
  firstLook,
  look,
  noteTrusted,
  whyDistrust,
} from '../clock-trust/clock-trust.js';
import type { TrustedTime } from '../clock-trust/trusted-times-file.js';
import { type Jobs, startJobs } from '../host/jobs.js';
import type { Clock } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import type { WhereaboutsKeeper } from '../passback/whereabouts.js';
import type { Person } from '../person/person.js';
import { modeOf, type OrderTime, orderByHand, orderDue } from '../schedule/door-order.js';
import type { ModeMemory } from '../schedule/door-order-file.js';
import type { ScheduledMode } from '../schedule/planned-modes.js';

export interface AccessKeeperParts {
  readonly rules: Rules;
  readonly clock: Clock;
  readonly log: Log;
  /** Port: what the machine says of its clock. */
  readonly readFacts: () => Promise<ClockFacts & { readonly troubles: readonly string[] }>;
  /** When the clock was trusted last, across restarts: behind that it is wrong. */
  readonly trustedTime: Pick<TrustedTime, 'times' | 'keep'>;
  /** Who is where. */
  readonly passback?: Pick<WhereaboutsKeeper, 'refuses' | 'letIn' | 'purge'> | undefined;
  readonly told: {
    /** No face opens for so long. @param times lockouts in a row */
    lockedOut(forMs: number, times: number): void;
    /** Whether what depends on the time may be granted, when that changes; null: it may. */
    clock(why: string | null): void;
  };
  /** What the door's mode is by, across restarts. */
  readonly orders: Pick<ModeMemory, 'order' | 'keep'>;
  /** The door's mode now. */
  readonly mode: () => ScheduledMode;
  /** Sets the door's mode. */
  readonly setMode: (mode: ScheduledMode) => void;
}

/** A gate at which nothing happens keeps its time so often: memory cards wear. */
const KEEP_MS = 60 * 60_000;

/** The rules of access at work: dates, groups and hours, lockout after spoofs, trust in the clock, the door's modes by schedule. */
export class AccessKeeper {
  readonly #parts: AccessKeeperParts;
  #facts: ClockFacts = { synchronisedMs: undefined, rtcAgrees: false };
  /** Undefined until the machine was asked for the first time: nothing that depends on the time is granted before. */
  #trust: ClockTrust | undefined;
  #lockout = NO_LOCKOUT;
  #told = new Set<string>();
  /** Undefined: nothing was said of the clock yet. */
  #clockTold: string | null | undefined;
  #keptMs: number = Number.NEGATIVE_INFINITY;
  #jobs: Jobs | undefined;

  constructor(parts: AccessKeeperParts) {
    this.#parts = parts;
  }

  /** Sets the mode that was before the restart, then asks the machine for its clock at once and each minute and does what the plan asks for. */
  start(): void {
    const { rules, log } = this.#parts;
    this.#follow();
    this.#jobs = startJobs(
      [{ name: 'access', cron: '* * * * *', run: () => this.#eachMinute() }],
      rules.calendar.zone,
      log,
    );
  }

  stop(): void {
    this.#jobs?.stop();
    this.#keepTime();
  }

  /** Somebody has set the door's mode, or asked to `lock`: that ends open house, also one that waits for the clock. */
  byHand(asked: ScheduledMode | 'lock'): void {
    const { orders } = this.#parts;
    if (asked === 'lock' && orders.order.mode !== 'open-house') return;
    orders.keep(orderByHand(asked === 'lock' ? 'normal' : asked, this.#time()));
  }

  /** Why a person known by face may not enter now; undefined when he may. */
  whyNot(person: Person): Reason | undefined {
    const { rules, clock, passback } = this.#parts;
    if (isLockedOut(this.#lockout, clock.monotonic())) return 'lockout';
    const why = whyNotNow(person, clock.wall(), rules.access, this.clockTrusted);
    return why ?? (passback?.refuses(person.id) ? 'passback' : undefined);
  }

  /** The door was opened for this person. */
  letIn({ id }: Person): void {
    this.#parts.passback?.letIn(id);
  }

  /** A picture was held to the camera. */
  spoofed(): void {
    const { rules, clock, told } = this.#parts;
    const before = this.#lockout;
    const now = clock.monotonic();
    this.#lockout = noteSpoof(before, now, rules.lockout);
    const { untilMs, times } = this.#lockout;
    if (untilMs !== null && untilMs !== before.untilMs) told.lockedOut(untilMs - now, times);
  }

  /** Something was written to the journal: if the clock was right then, it may not be set back behind that. */
  wrote(): void {
    this.#keepTime();
  }

  /** Sentences for the state. Of the clock only where rules need it. */
  problems(): readonly string[] {
    const { rules, clock } = this.#parts;
    const found: string[] = [];
    if (isLockedOut(this.#lockout, clock.monotonic())) found.push('locked out after attempts to deceive');
    if (rules.access.groups.size > 0 || rules.doorModes.length > 0 || rules.passback.mode !== 'off') {
      const why = this.#distrust();
      if (why) found.push(why);
    }
    return found;
  }

  /** Whether what depends on the time may be decided now. */
  get clockTrusted(): boolean {
    return this.#distrust() === undefined;
  }

  #distrust(): string | undefined {
    const { rules, clock } = this.#parts;
    if (rules.clock === 'unchecked') return undefined;
    if (!this.#trust) return 'the machine was not yet asked whether its clock is right';
    this.#trust = look(this.#trust, this.#facts, clock.wall(), clock.monotonic());
    const why = whyDistrust(this.#trust, clock.wall());
    if (why) return DISTRUST_TEXT[why];
    this.#trust = { ...this.#trust, times: noteTrusted(this.#trust, clock.wall()) };
    return undefined;
  }

  #keepTime(): void {
    const { rules, clock, trustedTime } = this.#parts;
    // The clock of a machine that nobody checks proves nothing later.
    if (rules.clock === 'unchecked' || !this.clockTrusted || !this.#trust) return;
    this.#keptMs = clock.monotonic();
    trustedTime.keep(this.#trust.times);
  }

  #tellClock(why: string | null): void {
    if (why === this.#clockTold) return;
    this.#clockTold = why;
    this.#parts.told.clock(why);
  }

  async #eachMinute(): Promise<void> {
    const { rules, clock, log, readFacts, trustedTime, passback } = this.#parts;
    if (rules.clock !== 'unchecked') {
      const { troubles, ...facts } = await readFacts();
      this.#facts = facts;
      this.#trust ??= firstLook(rules.clock, facts, trustedTime.times, clock.wall(), clock.monotonic());
      for (const trouble of troubles) {
        if (!this.#told.has(trouble)) log.warn({ trouble }, 'the clock of the machine cannot be judged in full');
        this.#told.add(trouble);
      }
    }
    this.#tellClock(this.#distrust() ?? null);
    if (clock.monotonic() >= this.#keptMs + KEEP_MS) this.#keepTime();
    passback?.purge();
    this.#follow();
  }

  /** Brings the door into the mode that it is to be in now. */
  #follow(): void {
    const { rules, orders, mode, setMode } = this.#parts;
    const now = this.#time();
    const order = orderDue(orders.order, rules.doorModes, now, rules.calendar);
    orders.keep(order);
    const due = modeOf(order, rules.doorModes, now.trusted);
    if (due !== mode()) setMode(due);
  }

  #time(): OrderTime {
    const { clock } = this.#parts;
    return { wall: clock.wall(), mono: clock.monotonic(), trusted: this.clockTrusted };
  }
}
