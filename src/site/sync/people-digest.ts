import { createHash } from 'node:crypto';
import { setImmediate as aTurn } from 'node:timers/promises';
import type { Person } from '../../person/person.js';
import { contentHash } from '../../store/merge.js';
import type { PeopleSource } from './people-records.js';

/** Parts in which two gates compare their people. */
export const BUCKETS = 256;
/** Hex digits of a bucket's digest. */
export const BUCKET_DIGITS = 16;
/** Characters of templates that are hashed in one turn of the event loop: two milliseconds on a PC, ten on a small board. */
const CHARS_AT_ONCE = 256 * 1024;
/** What a person without templates counts for. */
const PERSON_CHARS = 1024;
/** Buckets that are put together in one turn. */
const BUCKETS_AT_ONCE = 16;

/** What two gates compare to know whether they know the same people. */
export interface PeopleSummary {
  /** The newest version among the people. */
  readonly revision: string;
  readonly count: number;
  /** 16 hex digits over the content of all people: equal where the same people are known with the same templates. */
  readonly hash: string;
  /** In how many parts they can be compared; missing at gates of before, whose hash is over ids and versions alone. */
  readonly buckets?: number | undefined;
}

interface Bucket {
  /** A line for each person: id, version and hash of the content. */
  readonly lines: Map<string, string>;
  /** What was worked out of the lines; undefined after a change. */
  digest: string | undefined;
  revision: string;
}

/** The digest of the people, which follows their changes: what did not change is not hashed again. */
export class PeopleDigest {
  readonly #people: Pick<PeopleSource, 'get' | 'all' | 'size'>;
  readonly #buckets: readonly Bucket[] = Array.from({ length: BUCKETS }, () => ({
    lines: new Map(),
    digest: undefined,
    revision: '',
  }));

  constructor(people: Pick<PeopleSource, 'get' | 'all' | 'size'>) {
    this.#people = people;
  }

  /** Hashes all people, some at a time. Changes meanwhile are to be told as always. */
  async fill(): Promise<void> {
    let chars = 0;
    for (const { id, templates } of [...this.#people.all()]) {
      chars += templates.reduce((sum, { vector }) => sum + vector.length, PERSON_CHARS);
      if (chars > CHARS_AT_ONCE) {
        await aTurn();
        chars = 0;
      }
      this.changed(id);
    }
    for (const [at, bucket] of this.#buckets.entries()) {
      if (at % BUCKETS_AT_ONCE === 0) await aTurn();
      bucket.digest ??= digestOf(bucket);
    }
  }

  /** A person was added, changed or removed. */
  changed(id: string): void {
    const person = this.#people.get(id);
    const bucket = this.#bucketOf(id);
    if (person) bucket.lines.set(id, lineOf(person));
    else bucket.lines.delete(id);
    bucket.digest = undefined;
  }

  summary(): PeopleSummary {
    const hash = hashOfBuckets(this.digests().join(''));
    const revision =
      this.#buckets
        .map((one) => one.revision)
        .sort()
        .at(-1) ?? '';
    return { revision, count: this.#people.size, hash, buckets: BUCKETS };
  }

  /** The digest of each bucket. */
  digests(): readonly string[] {
    return this.#buckets.map((bucket) => (bucket.digest ??= digestOf(bucket)));
  }

  /** The people of a bucket. */
  ids(bucket: number): readonly string[] {
    return [...(this.#buckets[bucket]?.lines.keys() ?? [])];
  }

  #bucketOf(id: string): Bucket {
    const bucket = this.#buckets[bucketOf(id)];
    if (!bucket) throw new RangeError(`no bucket for ${id}`);
    return bucket;
  }
}

/** What a gate's `info` says of its `digest`. @param buckets the digests of all buckets, one after the other */
export const hashOfBuckets = (buckets: string): string =>
  createHash('sha256').update(buckets).digest('hex').slice(0, BUCKET_DIGITS);

/** The bucket of an id: the first byte of its SHA-256. */
export const bucketOf = (id: string): number => createHash('sha256').update(id).digest().readUInt8(0);

const lineOf = (person: Person): string => `${person.id} ${person.version} ${contentHash(person)}\n`;

function digestOf(bucket: Bucket): string {
  const lines = [...bucket.lines.values()].sort();
  const versions = lines.map((line) => line.split(' ', 2)[1] ?? '');
  bucket.revision = versions.sort().at(-1) ?? '';
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, BUCKET_DIGITS);
}

/** The summary of these people, worked out some at a time. */
export async function summaryOf(people: Pick<PeopleSource, 'get' | 'all' | 'size'>): Promise<PeopleSummary> {
  const digest = new PeopleDigest(people);
  await digest.fill();
  return digest.summary();
}
