import { parseJson } from '../bounded-json.js';
import { infoSchema, PAYLOAD_MAX, stateSchema } from '../messages.js';
import type { PeopleSummary } from './people-records.js';

/** Most gates of one site. */
const PEERS_MAX = 256;

interface Peer {
  readonly online?: boolean;
  readonly people?: PeopleSummary;
}

/** The other gates of the site as they describe themselves; reports when their people differ from this gate's. */
export class Peers {
  readonly #peers = new Map<string, Peer>();
  #lastDifferences: ReadonlySet<string> = new Set();

  /** A peer's `state` or `info` arrived. What cannot be read is ignored: it is the peer's problem. */
  receive(kind: 'state' | 'info', gate: string, payload: Uint8Array): void {
    if (payload.byteLength > PAYLOAD_MAX || (this.#peers.size >= PEERS_MAX && !this.#peers.has(gate))) return;
    const json = parseJson(payload);
    if (!json.ok) return;
    const peer = this.#peers.get(gate) ?? {};
    if (kind === 'state') {
      const state = stateSchema.safeParse(json.value).data;
      if (state) this.#peers.set(gate, { ...peer, online: state.status !== 'offline' });
    } else {
      const info = infoSchema.safeParse(json.value).data;
      if (info) this.#peers.set(gate, { ...peer, people: info.people });
    }
  }

  /** Forgets all peers: after a reconnect their states arrive again. */
  forget(): void {
    this.#peers.clear();
    this.#lastDifferences = new Set();
  }

  /**
   * The problem, as a sentence, if a difference has lasted since the last call. To be called about once a minute. The usual cause
   * is a broker that drops retained records in a burst (Mosquitto without `max_queued_messages 0`).
   */
  differing(own: PeopleSummary): string | undefined {
    const lasting: string[] = [];
    const now = new Set<string>();
    for (const [gate, { online, people }] of this.#peers) {
      if (online !== true || people === undefined || people.hash === own.hash) continue;
      const difference = `${gate} ${people.hash} ${own.hash}`;
      now.add(difference);
      if (this.#lastDifferences.has(difference)) lasting.push(`${gate} knows ${people.count}`);
    }
    this.#lastDifferences = now;
    if (lasting.length === 0) return undefined;
    return `people-differ: this gate knows ${own.count} people, ${lasting.slice(0, 5).join(', ')}`;
  }
}
