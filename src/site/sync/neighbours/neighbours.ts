import type { Clock, MonotonicMs, Timer } from '../../../kit/clock.js';
import { explain } from '../../../kit/errors.js';
import type { Log } from '../../../kit/log.js';
import type { Link } from '../../link/link.js';
import { type Names, type Topics, topicsOf } from '../../topics.js';
import type { Peers } from '../peers.js';
import { neighboursOf } from './ring.js';

/** Up to so many other gates each reads what all others say: with more, that grows with the square of the gates. */
const ALL_MAX = 16;
/** What the broker has kept of all gates has arrived after this time. */
const LOOK_MS = 5_000;
const MINUTE_MS = 60_000;
/** How often gates are looked for that came later: more seldom where there are many, so that all together ask a broker for a tenth of them a second. */
const LOOK_AGAIN_MS = 15 * MINUTE_MS;
const LOOK_AGAIN_EACH_MS = 10_000;

export interface NeighboursParts {
  readonly names: Names;
  readonly peers: Pick<Peers, 'known' | 'listenTo'>;
  readonly link: Link;
  readonly topics: Pick<Topics, 'peers'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A sentence for the state; undefined when all is well again. */
  readonly onProblem: (text: string | undefined) => void;
}

/** Which other gates this one listens to: all of a small site, those beside it of a large one. */
export class Neighbours {
  readonly #parts: NeighboursParts;
  /** Undefined: all. */
  #chosen: readonly string[] | undefined;
  #lookAt: MonotonicMs | undefined;
  #session = 0;
  #timer: Timer | undefined;

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
  }

  /** Whether all other gates are listened to. */
  get all(): boolean {
    return this.#chosen === undefined;
  }

  /** The broker is connected. */
  up(): void {
    this.down();
    // After an outage a large site has the same gates as before: if all asked for all of them then, that would be the square again.
    void this.#try(() => (this.#chosen === undefined ? this.#look() : this.#listen(this.#chosen)));
  }

  down(): void {
    this.#session++;
    this.#timer?.cancel();
  }

  /** Subscribes, and tries again where that is refused. */
  async #try(act: () => Promise<void>): Promise<void> {
    const { log, onProblem } = this.#parts;
    const session = this.#session;
    try {
      await act();
      if (session === this.#session) onProblem(undefined);
    } catch (thrown) {
      if (session !== this.#session) return;
      log.warn({ err: explain(thrown) }, 'this gate does not hear what the other gates say of themselves');
      onProblem(`peers-unheard: ${explain(thrown)}`);
      this.#later(MINUTE_MS, () => this.#look());
    }
  }

  /** Listens to all for a moment, to choose. */
  async #look(): Promise<void> {
    const { peers, link, topics } = this.#parts;
    peers.listenTo(undefined);
    await link.subscribe(topics.peers);
    this.#later(LOOK_MS, () => this.#choose());
  }

  async #choose(): Promise<void> {
    const { names, peers, link, topics, clock, random } = this.#parts;
    const known = peers.known();
    if (known.size <= ALL_MAX) {
      this.#chosen = undefined;
      this.#later(LOOK_MS, () => this.#choose());
      return;
    }
    const before = this.#chosen ?? [];
    const chosen = neighboursOf(names.gate, known);
    const pause = Math.max(LOOK_AGAIN_MS, known.size * LOOK_AGAIN_EACH_MS) * (0.5 + random());
    this.#lookAt = (clock.monotonic() + pause) as MonotonicMs;
    await this.#listen(chosen);
    const left = before.filter((other) => !chosen.includes(other)).flatMap((other) => this.#topicsOf(other));
    await link.unsubscribe([...topics.peers, ...left]);
  }

  async #listen(chosen: readonly string[]): Promise<void> {
    const { peers, link, clock } = this.#parts;
    this.#chosen = chosen;
    peers.listenTo(new Set(chosen));
    this.#later(Math.max(LOOK_MS, (this.#lookAt ?? 0) - clock.monotonic()), () => this.#look());
    await link.subscribe(chosen.flatMap((other) => this.#topicsOf(other)));
  }

  /** What a gate says of itself. */
  #topicsOf(other: string): readonly string[] {
    const { state, info } = topicsOf({ site: this.#parts.names.site, gate: other });
    return [state, info];
  }

  #later(ms: number, act: () => Promise<void>): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(ms, () => void this.#try(act));
  }
}
