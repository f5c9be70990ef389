import type { Clock, WallMs } from '../kit/clock.js';
import type { Log } from '../kit/log.js';
import type { ReadClockFacts } from './clock-facts.js';
import {
  type ClockFacts,
  type ClockNeeds,
  type ClockTrust,
  compareClocks,
  DISTRUST_TEXT,
  firstComparison,
  noteTrusted,
  whyDistrust,
} from './clock-trust.js';
import type { TrustedTimesFile } from './trusted-times-file.js';

export interface TrustedClockParts {
  /** What it takes to trust the clock: config `access.clock`. */
  readonly needs: ClockNeeds;
  readonly clock: Clock;
  readonly log: Log;
  /** Port: what the machine says about its clock. */
  readonly readFacts: () => Promise<ReadClockFacts>;
  /** When the clock was last trusted, across restarts: a clock behind that is wrong. */
  readonly times: Pick<TrustedTimesFile, 'times' | 'keep'>;
}

/** How often the trusted time is written at a quiet gate: memory cards wear. */
const KEEP_MS = 60 * 60_000;

const NOT_ASKED = 'the machine was not yet asked whether its clock is right';

/**
 * Whether the wall clock may be believed now. Everything that depends on the date or the time of day asks here: who may enter, the door's
 * schedule, anti-passback, purging.
 */
export class TrustedClock {
  readonly #parts: TrustedClockParts;
  readonly #listeners = new Set<(distrust: string | null) => void>();
  #facts: ClockFacts = { synchronisedMs: undefined, rtcAgrees: false };
  /** Undefined until the machine was asked for the first time. */
  #trust: ClockTrust | undefined;
  readonly #loggedTroubles = new Set<string>();
  /** null: trusted; undefined: nothing was reported yet. */
  #lastReported: string | null | undefined;
  #keptMs: number = Number.NEGATIVE_INFINITY;

  constructor(parts: TrustedClockParts) {
    this.#parts = parts;
  }

  /** Whether decisions that depend on the time may be made now. */
  get trusted(): boolean {
    return this.distrust === undefined;
  }

  /** Why not, as a sentence; undefined when the clock is trusted. */
  get distrust(): string | undefined {
    const { needs, clock } = this.#parts;
    if (needs === 'unchecked') return undefined;
    if (!this.#trust) return NOT_ASKED;
    this.#trust = compareClocks(this.#trust, this.#facts, clock.wall(), clock.monotonic());
    const why = whyDistrust(this.#trust, clock.wall());
    if (why) return DISTRUST_TEXT[why];
    this.#trust = { ...this.#trust, times: noteTrusted(this.#trust, clock.wall()) };
    return undefined;
  }

  /** When the network last confirmed the clock here, before a restart too; null: never. */
  get confirmedMs(): WallMs | null {
    return (this.#trust?.times ?? this.#parts.times.times).networkMs;
  }

  /** Calls `listener` when a check finds another answer than the one before; null: the clock is trusted. */
  onChange(listener: (distrust: string | null) => void): void {
    this.#listeners.add(listener);
  }

  /** Asks the machine about its clock. To be called at the start and each minute. */
  async check(): Promise<void> {
    if (this.#parts.needs !== 'unchecked') await this.#ask();
    this.#report(this.distrust ?? null);
    if (this.#parts.clock.monotonic() >= this.#keptMs + KEEP_MS) this.keep();
  }

  /** Remembers this moment if the clock is trusted: after a restart it may not be set back behind it. */
  keep(): void {
    const { needs, clock, times } = this.#parts;
    // A clock that is not checked proves nothing later.
    if (needs === 'unchecked' || !this.trusted || !this.#trust) return;
    this.#keptMs = clock.monotonic();
    times.keep(this.#trust.times);
  }

  async #ask(): Promise<void> {
    const { needs, clock, log, readFacts, times } = this.#parts;
    const { troubles, ...facts } = await readFacts();
    this.#facts = facts;
    this.#trust ??= firstComparison(needs, facts, times.times, clock.wall(), clock.monotonic());
    for (const trouble of troubles) {
      if (!this.#loggedTroubles.has(trouble))
        log.warn({ trouble }, 'the clock of the machine cannot be judged in full');
      this.#loggedTroubles.add(trouble);
    }
  }

  #report(distrust: string | null): void {
    if (distrust === this.#lastReported) return;
    this.#lastReported = distrust;
    for (const listener of this.#listeners) listener(distrust);
  }
}
