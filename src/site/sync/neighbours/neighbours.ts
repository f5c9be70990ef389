import type { Clock, MonotonicMs, Timer } from '../../../kit/clock.js';
import { explain } from '../../../kit/errors.js';
import type { Log } from '../../../kit/log.js';
import type { Link } from '../../link/link.js';
import { type Names, type Topics, topicsOf } from '../../topics.js';
import type { Peers } from '../peers.js';
import { type Sides, sidesOf } from './ring.js';

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
  #sides: Sides | undefined;
  /** How many others there were at the last look. */
  #count = 0;
  #lookAt: MonotonicMs | undefined;
  /** Topics of this connection that are not needed any more. */
  readonly #leaving = new Set<string>();
  #session = 0;
  #timer: Timer | undefined;

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
  }

  /** Whether all other gates are listened to. */
  get all(): boolean {
    return this.#sides === undefined;
  }

  /** Those that are listened to; undefined: all. */
  get sides(): Sides | undefined {
    return this.#sides;
  }

  /** How many other gates the site has, as far as is known. */
  get count(): number {
    return this.#count;
  }

  /** The broker is connected. */
  up(): void {
    this.down();
    void this.#try(() => this.#begin());
  }

  down(): void {
    this.#session++;
    this.#timer?.cancel();
    this.#leaving.clear();
  }

  /** After an outage a large site has the same gates as before: if all asked for all of them then, that would be the square again. */
  #begin(): Promise<void> {
    return this.#sides === undefined ? this.#look() : this.#listen(this.#sides);
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
      this.#later(MINUTE_MS, () => this.#begin());
    }
  }

  /** Listens to all for a moment, to choose. */
  async #look(): Promise<void> {
    const { peers, link, topics } = this.#parts;
    const session = this.#session;
    peers.listenTo(undefined);
    for (const topic of topics.peers) this.#leaving.delete(topic);
    await link.subscribe(topics.peers);
    if (session === this.#session) this.#later(LOOK_MS, () => this.#choose());
  }

  async #choose(): Promise<void> {
    const { names, peers, topics } = this.#parts;
    const session = this.#session;
    const known = peers.known();
    this.#count = known.size;
    if (known.size <= ALL_MAX) {
      this.#sides = undefined;
      this.#later(LOOK_MS, () => this.#choose());
      return;
    }
    const before = (this.#sides ?? []).flat();
    this.#lookAt = undefined;
    await this.#listen(sidesOf(names.gate, known));
    if (session !== this.#session) return;
    const chosen = (this.#sides ?? []).flat();
    const left = before.filter((other) => !chosen.includes(other)).flatMap((other) => this.#topicsOf(other));
    await this.#leave([...topics.peers, ...left]);
  }

  async #listen(sides: Sides): Promise<void> {
    const { peers, link, clock, random } = this.#parts;
    const chosen = new Set(sides.flat());
    this.#sides = sides;
    peers.listenTo(chosen);
    const now = clock.monotonic();
    // Also where the time has passed in an outage, which it then has for every gate of the site.
    if (this.#lookAt === undefined || this.#lookAt <= now) {
      const pause = Math.max(LOOK_AGAIN_MS, this.#count * LOOK_AGAIN_EACH_MS) * (0.5 + random());
      this.#lookAt = (now + pause) as MonotonicMs;
    }
    this.#later(this.#lookAt - now, () => this.#look());
    const wanted = [...chosen].flatMap((other) => this.#topicsOf(other));
    for (const topic of wanted) this.#leaving.delete(topic);
    await link.subscribe(wanted);
  }

  /** Where that is refused, too much is heard and nothing missed; it is tried again after the next look. */
  async #leave(topics: readonly string[]): Promise<void> {
    const { link, log } = this.#parts;
    const session = this.#session;
    for (const topic of topics) this.#leaving.add(topic);
    try {
      await link.unsubscribe([...this.#leaving]);
      if (session === this.#session) this.#leaving.clear();
    } catch (thrown) {
      if (session === this.#session)
        log.warn({ err: explain(thrown) }, 'this gate goes on hearing gates that it need not');
    }
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
