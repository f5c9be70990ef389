import type { Clock, Timer } from '../../kit/clock.js';
import type { Log } from '../../kit/log.js';
import type { InfoReader } from '../info/info-reader.js';
import type { Link } from '../link/link.js';
import { RetainedTopic } from '../retained-topic.js';
import type { Names, Topics } from '../topics.js';
import { Neighbours } from './neighbours/neighbours.js';
import { mendedBy } from './neighbours/ring.js';
import { type Difference, differenceText, Peers } from './peers.js';
import { PeopleDigest, type PeopleSummary } from './people-digest.js';
import type { PeopleSource } from './people-records.js';
import { Repair } from './repair.js';

/** While people change they are counted again at most so often. */
const SUMMARY_MS = 2_000;
const PEERS_MS = 60_000;
/** The digest is read only where a difference has lasted for a minute, and it is large. */
const DIGEST_MS = 20_000;
/** Where more than one gate mends the same, each waits for a while, and finds it mended: the longer the more gates there are. */
const MEND_MS = 30_000;
const MEND_EACH_MS = 100;
const MEND_MAX_MS = 50_000;
/** Whoever was to mend cannot where a difference has lasted for so many minutes: then whoever hears it does. */
const WHOEVER_MINUTES = 5;

export interface PeopleComparisonParts {
  readonly people: PeopleSource;
  readonly link: Link;
  readonly names: Names;
  /** Reads what other gates say of themselves. */
  readonly infos: Pick<InfoReader, 'read'>;
  /** Whether they sign it. */
  readonly signed: boolean;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  /** Reads records at the broker anew and sends those of this gate. */
  readonly resend: (ids: readonly string[]) => Promise<void>;
  /** There is a new summary. */
  readonly onSummary: () => void;
  /** A sentence for the state; undefined when all gates know the same people. */
  readonly onProblem: (text: string | undefined) => void;
  /** A sentence for the state; undefined when the other gates are heard. */
  readonly onUnheard: (text: string | undefined) => void;
  /** A sentence for the state; undefined when the clocks of the other gates are right. */
  readonly onClocks: (text: string | undefined) => void;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Compares the people of this gate with those of the others, tells of differences and mends them. */
export class PeopleComparison {
  readonly #parts: PeopleComparisonParts;
  readonly #peers: Peers;
  readonly #neighbours: Neighbours;
  readonly #random: () => number;
  readonly #digest: PeopleDigest;
  readonly #repair: Repair;
  readonly #topic: RetainedTopic;
  readonly #unlisten: () => void;
  #summary: PeopleSummary | undefined;
  /** The differences of the last comparison, and for how many comparisons there have been some. */
  #differing: readonly Difference[] = [];
  #minutes = 0;
  #filled = false;
  #stopped = false;
  #summaryTimer: Timer | undefined;
  #peersTimer: Timer | undefined;
  #digestTimer: Timer | undefined;
  #mendTimer: Timer | undefined;

  constructor(parts: PeopleComparisonParts) {
    const { people, names, topics } = parts;
    this.#parts = parts;
    this.#peers = new Peers({ ...parts, monotonic: () => parts.clock.monotonic() });
    this.#digest = new PeopleDigest(people);
    this.#repair = new Repair({ ...parts, digest: this.#digest });
    this.#random = parts.random ?? Math.random;
    this.#neighbours = new Neighbours({
      ...parts,
      peers: this.#peers,
      random: this.#random,
      onProblem: parts.onUnheard,
    });
    this.#topic = new RetainedTopic(topics.digest(names.gate), parts);
    this.#unlisten = people.onChange(({ id }) => {
      this.#digest.changed(id);
      this.#countLater();
    });
  }

  /** What others compare; undefined until all people were counted for the first time. */
  get summary(): PeopleSummary | undefined {
    return this.#summary;
  }

  start(): void {
    void this.#digest.fill().then(() => {
      this.#filled = true;
      this.#count();
    });
    this.#checkPeers();
  }

  stop(): void {
    this.#stopped = true;
    this.#unlisten();
    this.#summaryTimer?.cancel();
    this.#peersTimer?.cancel();
    this.#digestTimer?.cancel();
    this.#mendTimer?.cancel();
    this.#neighbours.down();
    this.#topic.stop();
  }

  /** The broker is connected: the states of the others arrive again. */
  up(): void {
    this.#peers.forget();
    this.#neighbours.up();
    this.#topic.up();
  }

  /** The broker is away. */
  down(): void {
    this.#neighbours.down();
  }

  /** Something of a gate arrived. */
  receive(kind: 'state' | 'info' | 'digest', gate: string, payload: Uint8Array): void {
    if (gate === this.#parts.names.gate) return;
    if (kind === 'digest') this.#repair.receive(gate, payload);
    else this.#peers.receive(kind, gate, payload);
  }

  #countLater(): void {
    if (!this.#filled) return;
    this.#summaryTimer ??= this.#parts.clock.after(SUMMARY_MS, () => {
      this.#summaryTimer = undefined;
      this.#count();
    });
  }

  #count(): void {
    if (this.#stopped) return;
    this.#summary = this.#digest.summary();
    this.#parts.onSummary();
    if (this.#digestTimer) return;
    this.#publishDigest();
    this.#digestTimer = this.#parts.clock.after(DIGEST_MS, () => {
      this.#digestTimer = undefined;
      this.#publishDigest();
    });
  }

  /** The same is not published twice. */
  #publishDigest(): void {
    if (!this.#summary) return;
    const { hash } = this.#summary;
    this.#topic.set(JSON.stringify({ v: 1, hash, buckets: this.#digest.digests().join('') }));
  }

  #checkPeers(): void {
    this.#peersTimer = this.#parts.clock.after(PEERS_MS, () => {
      this.#compare();
      this.#checkPeers();
    });
  }

  #compare(): void {
    const own = this.#summary;
    this.#parts.onClocks(this.#peers.clockProblem());
    if (!own) return;
    const differing = this.#peers.differing(own);
    this.#parts.onProblem(differenceText(own, differing));
    this.#differing = differing;
    this.#minutes = differing.length === 0 ? 0 : this.#minutes + 1;
    if (differing.length === 0) return;
    const { clock } = this.#parts;
    const { all, count } = this.#neighbours;
    const whoever = this.#minutes % WHOEVER_MINUTES === 0;
    if (all && !whoever) {
      this.#mend(false);
      return;
    }
    const pauseMs = Math.min(MEND_MAX_MS, Math.max(MEND_MS, count * MEND_EACH_MS));
    this.#mendTimer ??= clock.after(this.#random() * pauseMs, () => {
      this.#mendTimer = undefined;
      this.#mend(whoever);
    });
  }

  /** @param whoever also where another gate is to do it */
  #mend(whoever: boolean): void {
    const own = this.#summary;
    const { link, names } = this.#parts;
    if (!own || !link.up) return;
    const differing = this.#peers.still(this.#differing, own);
    const mine = mendedBy(
      names.gate,
      this.#neighbours.sides,
      differing.map(({ gate }) => gate),
      whoever ? [] : this.#peers.agreeing(own),
    );
    void this.#repair.run(differing.filter(({ gate }) => mine.includes(gate)));
  }
}
