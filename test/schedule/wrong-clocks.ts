/** Clocks that jump, and whether the gate may believe what they show. */
import type { SteppedClock } from './stepped-clock.js';

const MINUTE_MS = 60_000;
/** Jumps fall between two looks at the gates. */
const WITHIN_MS = 40_000;

export interface Jump {
  /** What the wall clock shows then. */
  readonly atMs: number;
  readonly byMs: number;
  /** The network confirms what it has set itself; a clock set by hand is confirmed by nobody. */
  readonly by: 'hand' | 'network';
}

const jump = (at: string, minutes: number, by: Jump['by']): Jump => ({
  atMs: Date.parse(at),
  byMs: minutes * MINUTE_MS,
  by,
});

/** Put ahead by hand and set right by the network; found to be slow; put back by hand and set right; found to be fast. */
export const jumpsOf = (year: number): readonly Jump[] => [
  jump(`${year}-02-10T10:07:40Z`, 300, 'hand'),
  jump(`${year}-02-10T15:20:45Z`, -300, 'network'),
  jump(`${year}-04-20T11:58:30Z`, 130, 'network'),
  jump(`${year}-07-15T13:00:45Z`, -180, 'hand'),
  jump(`${year}-07-15T10:12:35Z`, 180, 'network'),
  jump(`${year}-09-08T09:30:40Z`, -60, 'network'),
];

/** Over a change between winter and summer time by hand and back by the network; then back over it, and on, by the network alone. */
export function jumpsAround(shiftMs: number): readonly Jump[] {
  const at = (minutes: number, byMinutes: number, by: Jump['by']): Jump => ({
    atMs: shiftMs + minutes * MINUTE_MS + WITHIN_MS,
    byMs: byMinutes * MINUTE_MS,
    by,
  });
  return [at(-50, 75, 'hand'), at(55, -75, 'network'), at(30, -45, 'network'), at(80, 35, 'network')];
}

/** Makes a clock jump at its times. */
export class JumpingClock {
  readonly #clock: SteppedClock;
  readonly #confirm: () => Promise<void>;
  readonly #checked: boolean;
  readonly #jumps: Jump[];
  #quietUntilMs = 0;
  #astray = false;
  #behindMs = Number.NEGATIVE_INFINITY;
  jumped = 0;

  /** @param checked whether the gate asks for confirmation @param confirm the network confirms what the clock shows */
  constructor(clock: SteppedClock, jumps: readonly Jump[], checked: boolean, confirm: () => Promise<void>) {
    this.#clock = clock;
    this.#jumps = [...jumps];
    this.#checked = checked;
    this.#confirm = confirm;
  }

  /** Lets the time pass up to `ms` of the wall clock, or to the next jump and over it. */
  async passUntil(ms: number): Promise<void> {
    const [next] = this.#jumps;
    if (!next || next.atMs >= ms) return this.#clock.pass(ms - this.#clock.wall());
    await this.#clock.pass(next.atMs - this.#clock.wall());
    this.#jumps.shift();
    this.#clock.jumpWall(next.byMs);
    this.jumped++;
    // Within a minute from now the gate must have found its way.
    this.#quietUntilMs = this.#clock.monotonic() + MINUTE_MS;
    if (next.by === 'network') await this.#confirm();
    // Behind a time that was confirmed once, whoever says that it is right.
    if (next.by === 'network' && !this.#astray && next.byMs < 0) this.#behindMs = next.atMs;
    this.#astray = next.by === 'hand';
  }

  /** Whether the network confirms the clock now and then. */
  get confirmed(): boolean {
    return !this.#astray;
  }

  /** Whether what the clock shows may be believed; undefined: it has just changed. */
  get trusted(): boolean | undefined {
    if (this.#clock.monotonic() <= this.#quietUntilMs) return undefined;
    if (!this.#checked) return true;
    if (this.#astray) return false;
    const leftMs = this.#behindMs - this.#clock.wall();
    // The gate remembers the last minute in which it looked at the clock.
    return leftMs > MINUTE_MS ? false : leftMs > -MINUTE_MS ? undefined : true;
  }
}
