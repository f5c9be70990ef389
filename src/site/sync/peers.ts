import { parseJson } from '../bounded-json.js';
import { infoSchema, PAYLOAD_MAX, stateSchema } from '../messages.js';
import type { PeopleSummary } from './people-digest.js';

/** Most gates of one site that are noted, a few hundred bytes each. */
const PEERS_MAX = 4_096;
/** Characters of a hash or a version: longer ones are of nobody who speaks this contract. */
const TEXT_MAX = 64;

interface Peer {
  readonly online?: boolean;
  readonly people?: PeopleSummary;
}

/** A gate that knows other people. */
export interface Difference {
  readonly gate: string;
  readonly people: PeopleSummary;
}

/** The other gates of the site as they describe themselves; reports when their people differ from this gate's. */
export class Peers {
  readonly #peers = new Map<string, Peer>();
  #lastDifferences: ReadonlySet<string> = new Set();
  /** Undefined: all. */
  #listened: ReadonlySet<string> | undefined;

  /** From here on only these count; undefined: all. */
  listenTo(gates: ReadonlySet<string> | undefined): void {
    this.#listened = gates;
    for (const gate of [...this.#peers.keys()]) if (gates?.has(gate) === false) this.#peers.delete(gate);
  }

  /** The gates that have said which people they know, and whether each is online. */
  known(): ReadonlyMap<string, boolean> {
    const known = [...this.#peers].filter(([, { people }]) => people !== undefined);
    return new Map(known.map(([gate, { online }]) => [gate, online === true]));
  }

  /** A peer's `state` or `info` arrived. What cannot be read is ignored: it is the peer's problem. */
  receive(kind: 'state' | 'info', gate: string, payload: Uint8Array): void {
    if (this.#listened?.has(gate) === false) return;
    if (payload.byteLength > PAYLOAD_MAX || (this.#peers.size >= PEERS_MAX && !this.#peers.has(gate))) return;
    const json = parseJson(payload);
    if (!json.ok) return;
    const peer = this.#peers.get(gate) ?? {};
    if (kind === 'state') {
      const state = stateSchema.safeParse(json.value).data;
      if (state) this.#peers.set(gate, { ...peer, online: state.status !== 'offline' });
    } else {
      const info = infoSchema.safeParse(json.value).data;
      if (info && isShort(info.people)) this.#peers.set(gate, { ...peer, people: info.people });
    }
  }

  /** Forgets all peers: after a reconnect their states arrive again. */
  forget(): void {
    this.#peers.clear();
    this.#lastDifferences = new Set();
  }

  /**
   * Gates that are online and know other people than this one, as they did at the last call. To be called about once a minute. The usual
   * cause is a broker that drops retained records in a burst (Mosquitto without `max_queued_messages 0`).
   */
  differing(own: PeopleSummary): readonly Difference[] {
    const lasting: Difference[] = [];
    const now = new Set<string>();
    for (const [gate, { online, people }] of this.#peers) {
      if (online !== true || people === undefined || areSame(people, own)) continue;
      const difference = `${gate} ${people.hash} ${own.hash}`;
      now.add(difference);
      if (this.#lastDifferences.has(difference)) lasting.push({ gate, people });
    }
    this.#lastDifferences = now;
    return lasting;
  }

  /** Those of them that differ now, too. */
  still(differing: readonly Difference[], own: PeopleSummary): readonly Difference[] {
    return differing.flatMap(({ gate }) => {
      const { online, people } = this.#peers.get(gate) ?? {};
      return online === true && people !== undefined && !areSame(people, own) ? [{ gate, people }] : [];
    });
  }

  /** Gates that are online and know the same people as this one. */
  agreeing(own: PeopleSummary): readonly string[] {
    return [...this.#peers].flatMap(([gate, { online, people }]) =>
      online === true && people?.buckets !== undefined && people.hash === own.hash ? [gate] : [],
    );
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
