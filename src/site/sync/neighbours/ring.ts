// pure
import { createHash } from 'node:crypto';

/** Gates that are there, on each side. */
const EACH_SIDE = 4;
/** Those that are away and may come back are heard, too, up to this number on each side. */
const EACH_SIDE_MAX = 8;

/**
 * The gates that one gate compares itself with. All gates of a site stand on a ring, in the order of the hashes of their names, and each one looks
 * at those beside it: so who looks at a gate is looked at by it, the ring has no gap, and a difference anywhere lies between two that look at each other.
 * @param others the gates that are known, and whether each is there
 */
export function neighboursOf(gate: string, others: ReadonlyMap<string, boolean>): readonly string[] {
  const here = placeOf(gate);
  const ring = [...others.keys()]
    .filter((other) => other !== gate)
    .map((other) => ({ other, place: placeOf(other) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const after = ring.findIndex(({ place }) => place > here);
  const start = after === -1 ? 0 : after;
  const fromHere = [...ring.slice(start), ...ring.slice(0, start)].map(({ other }) => other);
  return [...new Set([...side(fromHere, others), ...side(fromHere.reverse(), others)])];
}

function side(names: readonly string[], others: ReadonlyMap<string, boolean>): readonly string[] {
  const chosen: string[] = [];
  let there = 0;
  for (const name of names) {
    if (there === EACH_SIDE || chosen.length === EACH_SIDE_MAX) break;
    chosen.push(name);
    if (others.get(name)) there++;
  }
  return chosen;
}

const placeOf = (gate: string): string => createHash('sha256').update(gate).digest('hex');
