import type { MonotonicMs } from '../../kit/clock.js';
import { parseJson } from '../bounded-json.js';
import type { InfoReader } from '../info/info-reader.js';
import { WrongClocks } from '../info/wrong-clocks.js';
import { PAYLOAD_MAX, stateSchema } from '../messages.js';
import type { PeopleSummary } from './people-digest.js';

/** Most gates of one site that are noted, a few hundred bytes each. */
const PEERS_MAX = 4_096;
/** Characters of a hash or a version: longer ones are of nobody who speaks this contract. */
const TEXT_MAX = 64;
/** A gate that signs what it says does so each minute; one that has said nothing for so long is not there. */
const SILENT_MS = 3 * 60_000;

interface Peer {
  readonly online?: boolean;
  /** Whether the site has such a gate, whatever it says now. */
  readonly exists?: boolean;
  readonly people?: PeopleSummary;
  readonly heardAt?: MonotonicMs;
}

/** A gate that knows other people. */
export interface Difference {
  readonly gate: string;
  readonly people: PeopleSummary;
}

export interface PeersParts {
  readonly infos: Pick<InfoReader, 'read'>;
  /** Whether gates sign what they say: then `state`, which the broker sends for them too and nobody signs, tells nothing here. */
  readonly signed: boolean;
  readonly monotonic: () => MonotonicMs;
}

/** The other gates of the site as they describe themselves; reports when their people differ from this gate's. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #peers = new Map<string, Peer>();
  readonly #clocks = new WrongClocks();
  #lastDifferences: ReadonlySet<string> = new Set();
  /** Undefined: all. */
  #listened: ReadonlySet<string> | undefined;

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** From here on only these count; undefined: all. */
  listenTo(gates: ReadonlySet<string> | undefined): void {
    this.#listened = gates;
    for (const gate of [...this.#peers.keys()]) if (gates?.has(gate) === false) this.#peers.delete(gate);
  }

  /** The gates of the site, and whether each is online: also those that were away for long, which keep their place. */
  known(): ReadonlyMap<string, boolean> {
    const known = [...this.#peers].filter(([, { people, exists }]) => people !== undefined || exists);
    return new Map(known.map(([gate, peer]) => [gate, this.#isThere(peer)]));
  }

  /** A peer's `state` or `info` arrived. What cannot be read is ignored: it is the peer's problem. */
  receive(kind: 'state' | 'info', gate: string, payload: Uint8Array): void {
    if (this.#listened?.has(gate) === false) return;
    if (payload.byteLength > PAYLOAD_MAX || (this.#peers.size >= PEERS_MAX && !this.#peers.has(gate))) return;
    const peer = this.#peers.get(gate) ?? {};
    if (kind === 'state') {
      if (this.#parts.signed) return;
      const json = parseJson(payload);
      const state = json.ok ? stateSchema.safeParse(json.value).data : undefined;
      if (state) this.#peers.set(gate, { ...peer, online: state.status !== 'offline' });
    } else {
      const heard = this.#parts.infos.read(gate, payload);
      if (heard?.signed) {
        this.#clocks.heard(gate, heard.signed.atMs, heard.signed.offMs, heard.heardAt);
        this.#peers.set(gate, { ...peer, exists: true });
      }
      if (heard?.worth !== 'counts' || !isShort(heard.info.people)) return;
      this.#clocks.right(gate);
      this.#peers.set(gate, { ...peer, people: heard.info.people, heardAt: heard.heardAt });
    }
  }

  /** Forgets all peers: after a reconnect their states arrive again. */
  forget(): void {
    this.#peers.clear();
    this.#clocks.clear();
    this.#lastDifferences = new Set();
  }

  /**
   * Gates that are online and know other people than this one, as they did at the last call. To be called about once a minute. The usual
   * cause is a broker that drops retained records in a burst (Mosquitto without `max_queued_messages 0`).
   */
  differing(own: PeopleSummary): readonly Difference[] {
    const lasting: Difference[] = [];
    const now = new Set<string>();
    for (const [gate, people] of this.#there()) {
      if (areSame(people, own)) continue;
      const difference = `${gate} ${people.hash} ${own.hash}`;
      now.add(difference);
      if (this.#lastDifferences.has(difference)) lasting.push({ gate, people });
    }
    this.#lastDifferences = now;
    return lasting;
  }

  /** Those of them that differ now, too. */
  still(differing: readonly Difference[], own: PeopleSummary): readonly Difference[] {
    const there = new Map(this.#there());
    return differing.flatMap(({ gate }) => {
      const people = there.get(gate);
      return people !== undefined && !areSame(people, own) ? [{ gate, people }] : [];
    });
  }

  /** Gates that are online and know the same people as this one. */
  agreeing(own: PeopleSummary): readonly string[] {
    return [...this.#there()].flatMap(([gate, people]) =>
      people.buckets !== undefined && people.hash === own.hash ? [gate] : [],
    );
  }

  /** Gates that sign what they say at another time than now, as a sentence; undefined where there are none. */
  clockProblem(): string | undefined {
    return this.#clocks.problem(this.#parts.monotonic());
  }

  *#there(): Iterable<readonly [gate: string, people: PeopleSummary]> {
    for (const [gate, peer] of this.#peers) {
      if (peer.people !== undefined && this.#isThere(peer)) yield [gate, peer.people];
    }
  }

  #isThere({ online, heardAt }: Peer): boolean {
    const { signed, monotonic } = this.#parts;
    return signed ? heardAt !== undefined && monotonic() - heardAt < SILENT_MS : online === true;
  }
}

const isShort = ({ revision, hash }: PeopleSummary): boolean => revision.length <= TEXT_MAX && hash.length <= TEXT_MAX;

/** A gate of before does not look at content: of it only the number of people and the newest version can be compared. */
const areSame = (other: PeopleSummary, own: PeopleSummary): boolean =>
  other.buckets === undefined ? other.count === own.count && other.revision === own.revision : other.hash === own.hash;

/** The problem as a sentence; undefined where there is no difference. */
export function differenceText(own: PeopleSummary, differing: readonly Difference[]): string | undefined {
  if (differing.length === 0) return undefined;
  const others = differing.slice(0, 5).map(({ gate, people }) => `${gate} knows ${people.count}`);
  return `people-differ: this gate knows ${own.count} people, ${others.join(', ')}`;
}
