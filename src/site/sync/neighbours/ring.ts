// pure
import { createHash } from 'node:crypto';

/** Gates that are there, on each side. */
const EACH_SIDE = 4;
/** Those that are away and may come back are heard, too, up to this number on each side. */
const EACH_SIDE_MAX = 8;

/** The gates on either side of one, the nearest first. In a small ring one may stand on both. */
export type Sides = readonly (readonly string[])[];

/**
 * The gates that one gate compares itself with. All gates of a site stand on a ring, in the order of the hashes of their names, and each one looks
 * at those beside it: so who looks at a gate is looked at by it, the ring has no gap, and a difference anywhere lies between two that look at each other.
 * @param others the gates that are known, and whether each is there
 */
export function sidesOf(gate: string, others: ReadonlyMap<string, boolean>): Sides {
  const here = placeOf(gate);
  const ring = [...others.keys()]
    .filter((other) => other !== gate)
    .map((other) => ({ other, place: placeOf(other) }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const after = ring.findIndex(({ place }) => place > here);
  const start = after === -1 ? 0 : after;
  const fromHere = [...ring.slice(start), ...ring.slice(0, start)].map(({ other }) => other);
  return [side(fromHere, others), side(fromHere.reverse(), others)];
}

/**
 * The gates of which this one mends what they and it do not both know. Of those that know the same people, and hear such a gate, one on each side
 * does it: the nearest, with none of them between the two. So somebody does, and for each such gate two at most.
 * @param sides as {@link sidesOf}; undefined where all hear all: then the first by name does it for all
 * @param agreeing those that this gate hears, and that know the same people
 */
export function mendedBy(
  gate: string,
  sides: Sides | undefined,
  differing: readonly string[],
  agreeing: readonly string[],
): readonly string[] {
  if (sides === undefined) return agreeing.some((other) => other < gate) ? [] : differing;
  const like = new Set(agreeing);
  const isNearest = (other: string) =>
    sides.some((names) => names.includes(other) && !names.slice(0, names.indexOf(other)).some((one) => like.has(one)));
  return differing.filter(isNearest);
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
