// pure
import type { MonotonicMs } from '../../kit/clock.js';
import type { Instance } from '../messages.js';

/** Retained messages that a broker delivers late are over by then; what another gate sends later is of now. */
const LATE_MS = 5_000;
/** Signs older than this count no more. */
const SIGNS_MS = 10 * 60_000;
/** A single sign may be a broker that lost its newest messages. */
const SIGNS_MIN = 2;
/** Signs that are kept; more say nothing more. */
const SIGNS_MAX = 100;

/**
 * Finds another gate of this one's name by what stands in this gate's own `info`. Both write it: whoever finds the other's there after having written
 * its own, is not alone. What an earlier run of the same gate left there is none, nor what stood there before the first own message came back.
 */
export class TwinWatch {
  readonly #own: Pick<Instance, 'machine' | 'boot'>;
  #signs: readonly MonotonicMs[] = [];
  /** Whether an own message came back on an earlier connection. */
  #wasThere = false;
  /** When the own message came back on this connection. */
  #echoAt: MonotonicMs | undefined;
  #foundHere = false;

  constructor(own: Pick<Instance, 'machine' | 'boot'>) {
    this.#own = own;
  }

  /** A new connection. */
  up(): void {
    this.#wasThere ||= this.#echoAt !== undefined;
    this.#echoAt = undefined;
    this.#foundHere = false;
  }

  /** This gate's message of this connection came back. */
  echo(now: MonotonicMs): void {
    this.#echoAt ??= now;
  }

  /** @param instance of whom the message is; undefined: of a gate of an earlier release @returns whether it is of another gate */
  heard(instance: Pick<Instance, 'machine' | 'boot'> | undefined, now: MonotonicMs): boolean {
    if (instance?.machine === this.#own.machine) return false;
    const live = this.#echoAt !== undefined && now - this.#echoAt >= LATE_MS;
    const found = this.#echoAt === undefined && this.#wasThere && !this.#foundHere;
    if (found) this.#foundHere = true;
    // One that is live has written just now: no broker that lost its newest messages explains that.
    if (live) this.#sign(now, SIGNS_MIN);
    else if (found) this.#sign(now, 1);
    return true;
  }

  /** The broker said that another client took over this one's id. */
  takenOver(now: MonotonicMs): void {
    this.#sign(now, SIGNS_MIN);
  }

  /** Whether there was another one lately, and that is no chance. */
  seen(now: MonotonicMs): boolean {
    this.#signs = this.#signs.filter((at) => now - at < SIGNS_MS);
    return this.#signs.length >= SIGNS_MIN;
  }

  #sign(now: MonotonicMs, weight: number): void {
    const signs = Array.from({ length: weight }, () => now);
    this.#signs = [...this.#signs, ...signs].slice(-SIGNS_MAX);
  }
}
