import type { Clock } from '../../kit/clock.js';
import { Allowance, type Rate } from './allowance.js';
import { type Lane, laneOf } from './verbs.js';

/** What one client may ask of one verb. The queue of slow verbs has a depth of its own. */
const RATES: Readonly<Record<Lane, Rate>> = {
  safety: { burst: 100, perSecond: 10 },
  quick: { burst: 300, perSecond: 20 },
  slow: { burst: 600, perSecond: 50 },
};
/** Refusals that are answered, to one client and to all: more would keep this gate busy with rubbish. */
const REFUSALS: Rate = { burst: 600, perSecond: 20 };
const ALL_REFUSALS: Rate = { burst: 2_000, perSecond: 200 };
const ALL = 'all';

/**
 * How far it is known who sent what is refused. `signed`: nobody but who has signed it; `again`: somebody has signed it, and anybody who has heard it may have
 * sent it; `none`: anybody. Each has room of its own: nobody can use up the answers to who has a key.
 */
export type Proof = 'none' | 'again' | 'signed';

interface Refusals {
  readonly one: Allowance;
  readonly all: Allowance;
}
interface RefusalRoom {
  readonly safety: Refusals;
  readonly other: Refusals;
}
const refusals = (): Refusals => ({ one: new Allowance(REFUSALS), all: new Allowance(ALL_REFUSALS) });
const refusalRoom = (): RefusalRoom => ({ safety: refusals(), other: refusals() });

/** What clients may ask of this gate in a time. Verbs that move the door have allowances of their own: nothing else uses them up. */
export class RequestLimits {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #requests: Readonly<Record<Lane, Allowance>> = {
    safety: new Allowance(RATES.safety),
    quick: new Allowance(RATES.quick),
    slow: new Allowance(RATES.slow),
  };
  readonly #refusals: Readonly<Record<Proof, RefusalRoom>> = {
    none: refusalRoom(),
    again: refusalRoom(),
    signed: refusalRoom(),
  };

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Counts a request. @returns 0, or in how many milliseconds the client may ask this verb again */
  request(client: string, verb: string): number {
    const lane = laneOf(verb);
    // Verbs that nobody knows count as one: their names cost nothing.
    return this.#requests[lane ?? 'quick'].take(`${lane ? verb : '?'} ${client}`, this.#clock.monotonic());
  }

  /** Whether a refusal of a request of this verb is answered. */
  refusal(proof: Proof, client: string, verb: string): boolean {
    const { one, all } = this.#refusals[proof][laneOf(verb) === 'safety' ? 'safety' : 'other'];
    const now = this.#clock.monotonic();
    return one.take(client, now) === 0 && all.take(ALL, now) === 0;
  }
}
