import type { Door, DoorEffect, DoorEvent, DoorReport, DoorRule } from '../../src/door/door.js';
import type { DoorMode } from '../../src/schedule/door-mode.js';

/** The door as docs/door.md describes it, without the product's code: to compare the product's door with after every event. */
export class DoorModel {
  readonly #rule: DoorRule;
  #mode: DoorMode = 'normal';
  #fire = false;
  #tampered = false;
  #fault = false;
  #stopped = false;
  #contact: 'unknown' | 'closed' | 'open' = 'unknown';
  /** Ends of the pulses for people who come in, and for people who leave. */
  #inUntil = Number.NEGATIVE_INFINITY;
  #outUntil = Number.NEGATIVE_INFINITY;
  /** The door was opened in the newest pulse. */
  #passing = false;
  #released = false;
  #lockedAt = Number.NEGATIVE_INFINITY;
  /** Opened while the bolt was locked. */
  #forced = false;
  /** Since when the door stands open and should be closed. */
  #openSince: number | undefined;
  #alarmed = false;

  constructor(rule: DoorRule) {
    this.#rule = rule;
  }

  happen(event: DoorEvent): void {
    if (this.#stopped) return;
    const now = event.atMs;
    const before = this.#contact;
    if (event.kind === 'contact') this.#moveContact(event.open, now);
    else this.#apply(event, now);
    const opened = before === 'closed' && this.#contact === 'open';
    // In open house people come and go, whatever the relay does.
    const guarded = this.#rule.forcedAlarm && this.#mode !== 'open-house';
    this.#forced = opened && guarded && !this.#released && now > this.#lockedAt + this.#rule.forcedGraceMs;
    const released = this.#isReleased(now);
    if (this.#released && !released) this.#lockedAt = now;
    this.#released = released;
    this.#timeOpening(now);
  }

  /** In what the product's door is wrong; undefined when it agrees. */
  objection(door: Door, released: boolean, now: number): string | undefined {
    if (this.#stopped) return released === this.#fire ? undefined : `stopped, released ${released}, fire ${this.#fire}`;
    if (this.#released && !released) return `the bolt is locked, though ${this.#why(now)}`;
    if (!this.#released && released) return 'released without pulse, open house or fire';
    if (this.#forced && door.alarm?.kind !== 'forced') return 'forced, and no alarm';
    const held = this.#openSince !== undefined && now >= this.#openSince + this.#rule.heldMs;
    if (held && !door.alarm) return 'held open, and no alarm';
    if (!held && door.alarm?.kind === 'held') return 'an alarm at a door that is not held yet';
    if (door.alarm && !this.#alarmed && door.alarm.kind === 'forced' && !this.#forced)
      return 'an alarm at a door that was not forced';
    this.#alarmed = door.alarm !== null;
    return undefined;
  }

  /** What is reported wrongly after `event`, or not at all; undefined when all is right. @param before the product's door before it */
  misreport(event: DoorEvent, effects: readonly DoorEffect[], before: Door, after: Door): string | undefined {
    if (this.#stopped) return undefined;
    const reports = effects.flatMap((effect) => (effect.kind === 'report' ? [effect.report] : []));
    const reported = (is: (report: DoorReport) => boolean) => reports.some(is);
    const begins = (type: string) =>
      reported((report) => 'phase' in report && report.type === type && report.phase === 'begins');
    if (begins('forced') !== this.#forced) return `forced is ${this.#forced}, reported ${begins('forced')}`;
    const held = before.alarm === null && after.alarm?.kind === 'held';
    if (held !== begins('held-open')) return `held is ${held}, reported ${begins('held-open')}`;
    const ended = before.alarm !== null && after.alarm === null;
    if (ended !== reported((report) => 'phase' in report && report.phase === 'ends'))
      return 'the end of an alarm is not reported, or reported without an alarm';
    if (reported(({ type }) => type === 'exit') !== (event.kind === 'rex')) return 'the exit button is not reported';
    for (const wire of ['tamper', 'fire'] as const) {
      const was = wire === 'fire' ? before.fire : before.tampered;
      const changed = event.kind === wire && event.active !== was;
      if (reported((report) => report.type === wire && report.active !== was) !== changed)
        return `${wire} is not reported`;
    }
    if (reported(({ type }) => type === 'mode') !== (after.mode !== before.mode)) return 'the mode is not reported';
    const warned = after.warned && !before.warned;
    if (warned !== reported((report) => report.type === 'held-warning' && report.active))
      return 'a warning is not reported';
    const retry = this.#fault && before.retryAtMs !== null && before.retryAtMs <= event.atMs;
    if (retry && !effects.some(({ kind }) => kind === 'drive')) return 'a relay out of order is not driven again';
    return undefined;
  }

  /** What the lamps must show. */
  dark(
    { green, red, buzzer }: { readonly green: boolean; readonly red: boolean; readonly buzzer: string },
    door: Door,
  ): string | undefined {
    if (this.#stopped) return green || red || buzzer !== 'off' ? 'lamps after stop' : undefined;
    if (green !== this.#released || red === this.#released)
      return `green is ${green} and red ${red}, released ${this.#released}`;
    const sound = this.#tampered || door.alarm ? 'tone' : door.warned ? 'beeps' : 'off';
    return buzzer === sound ? undefined : `the buzzer is ${buzzer}, not ${sound}`;
  }

  #apply(event: Exclude<DoorEvent, { readonly kind: 'contact' }>, now: number): void {
    switch (event.kind) {
      case 'grant':
      case 'open':
        if (this.#mode !== 'locked' && !this.#fault) this.#inUntil = this.#pulse(now);
        return;
      case 'rex':
        this.#outUntil = this.#pulse(now);
        return;
      case 'lock':
        this.#inUntil = now;
        if (this.#mode === 'open-house') this.#mode = 'normal';
        return;
      case 'mode':
        if (event.mode === 'locked') this.#inUntil = now;
        this.#mode = event.mode;
        return;
      case 'fire':
        this.#fire = event.active;
        return;
      case 'io-error':
        this.#fault = true;
        this.#inUntil = now;
        return;
      case 'stop':
        this.#stopped = true;
        return;
      case 'tamper':
        this.#tampered = event.active;
        return;
      case 'timer':
    }
  }

  #pulse(now: number): number {
    this.#passing = false;
    // A grant at an open door starts its time again.
    if (!this.#alarmed && this.#openSince !== undefined) this.#openSince = now;
    return now + this.#rule.pulseMs;
  }

  #moveContact(open: boolean, now: number): void {
    if (open && this.#contact !== 'open') this.#passing = now < Math.max(this.#inUntil, this.#outUntil);
    if (!open && this.#passing && this.#rule.relockOnClose) {
      this.#inUntil = now;
      this.#outUntil = now;
    }
    if (!open) this.#passing = false;
    this.#contact = open ? 'open' : 'closed';
  }

  #timeOpening(now: number): void {
    const timed = this.#contact === 'open' && !this.#fire && this.#mode !== 'open-house';
    if (!timed) this.#openSince = undefined;
    else this.#openSince ??= now;
    if (!timed) this.#alarmed = false;
  }

  #isReleased(now: number): boolean {
    const openHouse = this.#mode === 'open-house' && !this.#fault;
    if (this.#stopped) return this.#fire;
    return this.#fire || openHouse || now < Math.max(this.#inUntil, this.#outUntil);
  }

  #why(now: number): string {
    if (this.#fire) return 'there is fire';
    if (now < this.#outUntil) return 'the exit button was pressed';
    return now < this.#inUntil ? 'a person was let in' : 'it is open house';
  }
}
