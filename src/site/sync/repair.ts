import type { Clock } from '../../kit/clock.js';
import { explain } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { parseJson } from '../bounded-json.js';
import type { Link } from '../link/link.js';
import { digestSchema, PAYLOAD_MAX } from '../messages.js';
import type { Topics } from '../topics.js';
import type { Difference } from './peers.js';
import { BUCKET_DIGITS, BUCKETS, hashOfBuckets, type PeopleDigest } from './people-digest.js';

/** A digest that was asked for is retained and comes at once, or there is none. */
const ANSWER_MS = 5_000;
/** Records that are read and sent again in one round. */
const RECORDS_MAX = 2_000;
/** Groups of gates with people of their own that are looked at in one round. */
const GROUPS_MAX = 4;

export interface RepairParts {
  readonly link: Link;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly digest: Pick<PeopleDigest, 'digests' | 'ids'>;
  /** Reads records at the broker anew and sends those of this gate. */
  readonly resend: (ids: readonly string[]) => Promise<void>;
}

/**
 * Mends a difference between gates. Those that know the same people are a group, and few of it act for all (mendedBy): each looks at the
 * digest of one gate of each other group, and of the parts that differ it reads the records that it knows at the broker anew and
 * sends them once more. The other group does the same, so what one of them missed arrives.
 */
export class Repair {
  readonly #parts: RepairParts;
  /** Whose digest is awaited, and who takes it. */
  #awaited: (Group & { readonly take: (buckets: string | undefined) => void }) | undefined;
  #running = false;

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  /** A gate's digest arrived. One that is not what its info says is another's: it may be signed there, and is not here. */
  receive(gate: string, payload: Uint8Array): void {
    if (gate !== this.#awaited?.gate || payload.byteLength > PAYLOAD_MAX) return;
    const json = parseJson(payload);
    const buckets = json.ok ? digestSchema.safeParse(json.value).data?.buckets : undefined;
    if (buckets !== undefined && hashOfBuckets(buckets) === this.#awaited.hash) this.#awaited.take(buckets);
  }

  /** One round. @param differing the gates of which this one mends the difference */
  async run(differing: readonly Difference[]): Promise<void> {
    const { log, resend } = this.#parts;
    if (this.#running || differing.length === 0) return;
    this.#running = true;
    try {
      const ids = new Set<string>();
      for (const other of firstOfEachGroup(differing)) {
        for (const id of await this.#differingIds(other)) if (ids.size < RECORDS_MAX) ids.add(id);
      }
      if (ids.size === 0) return;
      log.info({ records: ids.size }, 'gates know different people: reading and sending the records that differ again');
      await resend([...ids]);
    } catch (thrown) {
      log.warn({ err: explain(thrown) }, 'the people of the gates could not be compared in full yet');
    } finally {
      this.#running = false;
    }
  }

  /** This gate's people in the parts in which the other one knows others. @throws OperatingError as Link.subscribe */
  async #differingIds(other: Group): Promise<readonly string[]> {
    const { digest, log } = this.#parts;
    const theirs = await this.#fetch(other);
    if (theirs === undefined) {
      log.warn(
        { gate: other.gate },
        'no digest of this gate that is as its info says: does the broker allow reading it?',
      );
      return [];
    }
    const ours = digest.digests();
    const ids: string[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const at = bucket * BUCKET_DIGITS;
      if (theirs.slice(at, at + BUCKET_DIGITS) !== ours[bucket]) ids.push(...digest.ids(bucket));
    }
    return ids;
  }

  /** @returns the digests of a gate's buckets; undefined where they do not come */
  async #fetch({ gate, hash }: Group): Promise<string | undefined> {
    const { link, topics, clock } = this.#parts;
    const topic = topics.digest(gate);
    const answer = new Promise<string | undefined>((resolve) => {
      const timer = clock.after(ANSWER_MS, () => resolve(undefined));
      const take = (buckets: string | undefined) => {
        timer.cancel();
        resolve(buckets);
      };
      this.#awaited = { gate, hash, take };
    });
    try {
      await link.subscribe([topic]);
      return await answer;
    } finally {
      this.#awaited?.take(undefined);
      this.#awaited = undefined;
      if (link.up) await link.unsubscribe([topic]);
    }
  }
}

/** Gates that know the same people: the first of them by name, and the hash of these people. */
interface Group {
  readonly gate: string;
  readonly hash: string;
}

/** Those of before, which have no digest, are left out. */
function firstOfEachGroup(differing: readonly Difference[]): readonly Group[] {
  const first = new Map<string, string>();
  for (const { gate, people } of differing) {
    if (people.buckets !== BUCKETS) continue;
    const known = first.get(people.hash);
    if (known === undefined || gate < known) first.set(people.hash, gate);
  }
  const groups = [...first].map(([hash, gate]) => ({ gate, hash }));
  return groups.sort((a, b) => (a.gate < b.gate ? -1 : 1)).slice(0, GROUPS_MAX);
}
