// pure
import { decodeVector } from '../../kit/vector.js';
import { isUnit, squaredDistance } from '../../person/distance.js';
import type { Person } from '../../person/person.js';

/** Two people whom one encoder can hardly tell apart. */
export interface Pair {
  readonly a: Pick<Person, 'id' | 'name'>;
  readonly b: Pick<Person, 'id' | 'name'>;
}

export interface LookAlikes {
  readonly pairs: readonly Pair[];
  /** People who were compared with all that come after them. */
  readonly compared: number;
  readonly people: number;
}

/** So many pairs are enough to see that something is wrong. */
export const PAIRS_MAX = 100;

/**
 * Looks for pairs of people nearer to each other than the threshold, whom the gate would confuse. Yields after each person, so that the
 * caller can stop when it has taken long enough. @returns how far it has come
 */
export function* lookAlikes(
  people: Iterable<Person>,
  encoder: string,
  threshold: number,
): Generator<LookAlikes, LookAlikes> {
  const rows = [...people].flatMap((person) => {
    const vectors = person.templates
      .filter((template) => template.encoder === encoder)
      .map(({ vector }) => decodeVector(vector))
      .filter(isUnit);
    return vectors.length === 0 ? [] : [{ person, vectors }];
  });
  const pairs: Pair[] = [];
  let compared = 0;
  for (const [at, one] of rows.entries()) {
    for (const other of rows.slice(at + 1)) {
      if (pairs.length >= PAIRS_MAX) break;
      if (isNear(one.vectors, other.vectors, threshold)) pairs.push({ a: named(one.person), b: named(other.person) });
    }
    compared = at + 1;
    yield { pairs, compared, people: rows.length };
  }
  return { pairs, compared, people: rows.length };
}

const named = ({ id, name }: Person) => ({ id, name });

const isNear = (some: readonly Float32Array[], others: readonly Float32Array[], threshold: number): boolean =>
  some.some((one) => others.some((other) => one.length === other.length && squaredDistance(one, other) <= threshold));
