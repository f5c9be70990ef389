// pure
import type { MonotonicMs } from '../../kit/clock.js';

/** Gates whose clock is noted. */
const GATES_MAX = 4_096;
/** A gate signs what it says each minute: one that has said nothing for so long says nothing now. */
const SILENT_MS = 3 * 60_000;
/** Words that come closer together than this are what a broker had kept, or sent again. */
const APART_MS = 20_000;
const NAMED_MAX = 5;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Said {
  readonly atMs: number;
  readonly offMs: number;
  readonly heardAt: MonotonicMs;
  /** Whether it went on, minute by minute: one word alone was said at some time before, by a gate that is away, say. */
  readonly goesOn: boolean;
}

/**
 * Gates that go on signing what they say at a time that is not now: their clock is wrong, or that of this gate. It is a sentence for whoever
 * sees to the clocks and changes nothing else, for whoever repeats at the right pace what a gate has signed before looks the same while that gate is away.
 */
export class WrongClocks {
  readonly #said = new Map<string, Said>();

  /** A gate has signed something at another time. @param offMs how far that is ahead of this gate's clock */
  heard(gate: string, atMs: number, offMs: number, now: MonotonicMs): void {
    const before = this.#said.get(gate);
    if (before === undefined && this.#said.size >= GATES_MAX) return;
    const isLately = before !== undefined && now - before.heardAt < SILENT_MS;
    const isNext = before !== undefined && atMs > before.atMs;
    // What is repeated keeps nothing alive; after a silence everything begins anew.
    if (isLately && (!isNext || now - before.heardAt < APART_MS)) return;
    this.#said.set(gate, { atMs, offMs, heardAt: now, goesOn: isLately });
  }

  /** Its clock is right. */
  right(gate: string): void {
    this.#said.delete(gate);
  }

  clear(): void {
    this.#said.clear();
  }

  /** The problem as a sentence, which does not change with every second; undefined where there is none. */
  problem(now: MonotonicMs): string | undefined {
    const wrong = [...this.#said]
      .filter(([, { goesOn, heardAt }]) => goesOn && now - heardAt < SILENT_MS)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (wrong.length === 0) return undefined;
    const named = wrong.slice(0, NAMED_MAX).map(([gate, { offMs }]) => `${gate} is ${differenceOf(offMs)}`);
    const more = wrong.length > NAMED_MAX ? ', and more' : '';
    return `clocks-differ: by this gate's clock ${named.join(', ')}${more}: the people of these gates are not compared with this one's, and what they missed is not sent to them, until the clocks are right (or somebody repeats what a gate that is away has said before)`;
  }
}

function differenceOf(offMs: number): string {
  const size = Math.abs(offMs);
  const amount = size >= DAY_MS ? 'more than a day' : size >= HOUR_MS ? 'more than an hour' : 'more than 5 minutes';
  return `${amount} ${offMs > 0 ? 'ahead' : 'behind'}`;
}
