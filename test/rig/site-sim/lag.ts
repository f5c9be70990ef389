/** How long it takes from an acknowledged change to the last connected gate. */
interface Awaited {
  readonly stamp: string;
  readonly fromMs: number;
  readonly waiting: Set<string>;
  lastMs: number;
}

/** Changes that are followed at one time: further ones are not measured. */
const AWAITED_MAX = 5_000;

/** A change has reached the last gate. */
export interface Arrival {
  readonly ms: number;
  /** For how long that gate had been connected then. */
  readonly upForMs: number;
}

export class Lag {
  readonly #awaited = new Map<string, Awaited>();
  readonly #upForMs: (gate: string) => number;
  readonly arrivals: Arrival[] = [];
  /** Changes whose way was disturbed: not measured. */
  disturbed = 0;

  /** @param upForMs for how long a gate has been connected */
  constructor(upForMs: (gate: string) => number) {
    this.#upForMs = upForMs;
  }

  /** A change was acknowledged now. @param gates those that are connected and must know of it */
  acknowledged(id: string, stamp: string, gates: Iterable<string>, knows: (gate: string) => string | undefined): void {
    if (this.#awaited.size >= AWAITED_MAX) return;
    const now = performance.now();
    const waiting = new Set([...gates].filter((gate) => !isAtLeast(knows(gate), stamp)));
    if (waiting.size === 0) this.arrivals.push({ ms: 0, upForMs: Number.POSITIVE_INFINITY });
    else this.#awaited.set(id, { stamp, fromMs: now, waiting, lastMs: now });
  }

  /** A gate knows a record from now on. */
  knows(gate: string, id: string, stamp: string): void {
    const awaited = this.#awaited.get(id);
    if (!awaited || !isAtLeast(stamp, awaited.stamp) || !awaited.waiting.delete(gate)) return;
    awaited.lastMs = performance.now();
    if (awaited.waiting.size > 0) return;
    this.#awaited.delete(id);
    this.arrivals.push({ ms: awaited.lastMs - awaited.fromMs, upForMs: this.#upForMs(gate) });
  }

  /** A gate lost its connection, its clock or its memory: what it has not heard of is not measured. */
  disturb(gate: string): void {
    for (const [id, { waiting }] of this.#awaited) {
      if (!waiting.has(gate)) continue;
      this.#awaited.delete(id);
      this.disturbed++;
    }
  }

  /** A broker fell out. */
  disturbAll(): void {
    this.disturbed += this.#awaited.size;
    this.#awaited.clear();
  }

  /** Changes that did not reach every gate although nothing happened, and since when, in milliseconds. */
  late(): { readonly id: string; readonly ms: number; readonly gates: readonly string[] }[] {
    const now = performance.now();
    return [...this.#awaited].map(([id, { fromMs, waiting }]) => ({ id, ms: now - fromMs, gates: [...waiting] }));
  }
}

/** Stamps of one id sort as the rule of the site orders records. */
const isAtLeast = (known: string | undefined, wanted: string): boolean => known !== undefined && known >= wanted;

/** The share `p` of the values is at most this. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? 0;
}
