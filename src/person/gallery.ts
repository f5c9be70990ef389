// pure
import { decodeVector } from '../kit/vector.js';
import { isUnit, squaredDistance } from './distance.js';
import type { Person } from './person.js';
import { TemplateRows } from './search/template-rows.js';

/** A person and the distance of the probe to their nearest template. */
export interface Candidate {
  readonly id: string;
  /** Squared Euclidean, 0…4. */
  readonly distance: number;
}

/** The two nearest people of a probe. */
export interface Ranking {
  readonly best: Candidate | undefined;
  readonly second: Candidate | undefined;
}

/**
 * The templates of one encoder, ready to search. Only the templates of that encoder are taken: templates of different
 * encoders are never compared.
 */
export class Gallery {
  readonly encoder: string;
  /** Numbers of an embedding. */
  readonly dimension: number;
  readonly #search: TemplateRows;
  /** Of each row of the search: whose it is, and the template itself, which is decoded where it may be the nearest. */
  readonly #rows: { readonly id: string; readonly vector: string }[] = [];
  readonly #people = new Map<string, number[]>();

  constructor(encoder: string, dimension: number) {
    this.encoder = encoder;
    this.dimension = dimension;
    this.#search = new TemplateRows(dimension);
  }

  /** People with at least one usable template. */
  get size(): number {
    return this.#people.size;
  }

  get templates(): number {
    return this.#rows.length;
  }

  has(id: string): boolean {
    return this.#people.has(id);
  }

  /** Replaces a person's templates by their present ones. @returns how many templates were unusable. */
  set(person: Person): number {
    this.delete(person.id);
    const { id } = person;
    const own = person.templates.filter((template) => template.encoder === this.encoder);
    const rows: number[] = [];
    for (const { vector } of own) {
      const numbers = decodeVector(vector);
      if (numbers.length !== this.dimension || !isUnit(numbers)) continue;
      rows.push(this.#rows.length);
      this.#search.push(numbers);
      this.#rows.push({ id, vector });
    }
    if (rows.length > 0) this.#people.set(id, rows);
    return own.length - rows.length;
  }

  delete(id: string): void {
    const rows = this.#people.get(id) ?? [];
    this.#people.delete(id);
    // From the end on, so that none of the person's own rows is the last that takes another's place.
    for (const row of rows.toSorted((a, b) => b - a)) this.#removeRow(row);
  }

  /** Distance to one person's nearest template; undefined for an unknown id. For 1:1. */
  distanceTo(id: string, probe: Float32Array): number | undefined {
    const rows = this.#people.get(id);
    return rows && Math.min(...rows.map((row) => this.#distance(row, probe)));
  }

  /**
   * The two nearest people, nobody for a probe that is not of finite numbers. For 1:K. `without` leaves one person out.
   * @throws RangeError for a probe of another length than the templates
   */
  rank(probe: Float32Array, without?: string): Ranking {
    if (probe.length !== this.dimension)
      throw new RangeError(`embeddings of ${this.dimension} and ${probe.length} numbers cannot be compared`);
    if (!probe.every(Number.isFinite)) return { best: undefined, second: undefined };
    const reach = this.#search.reach(probe);
    const nearest = new TwoNearest();
    // Those of whom most may be expected come first: behind them next to nobody needs to be compared.
    const first = this.#farthestReaching(reach, [without]);
    const second = first === undefined ? undefined : this.#farthestReaching(reach, [without, this.#rows[first]?.id]);
    for (const row of [first, second]) if (row !== undefined) this.#compare(nearest, row, probe);
    let needed = nearest.needed;
    for (let row = 0; row < reach.length; row++) {
      if (!((reach[row] as number) >= needed) || this.#rows[row]?.id === without) continue;
      this.#compare(nearest, row, probe);
      needed = nearest.needed;
    }
    return nearest;
  }

  #farthestReaching(reach: Float32Array, without: readonly (string | undefined)[]): number | undefined {
    let found: number | undefined;
    let farthest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < reach.length; row++) {
      const value = reach[row] as number;
      if (value <= farthest || without.includes(this.#rows[row]?.id)) continue;
      found = row;
      farthest = value;
    }
    return found;
  }

  #compare(nearest: TwoNearest, row: number, probe: Float32Array): void {
    nearest.add({ id: (this.#rows[row] as { id: string }).id, distance: this.#distance(row, probe) });
  }

  #distance(row: number, probe: Float32Array): number {
    return squaredDistance(decodeVector((this.#rows[row] as { vector: string }).vector), probe);
  }

  #removeRow(row: number): void {
    this.#search.removeAt(row);
    const last = this.#rows.pop();
    const at = this.#rows.length;
    if (!last || row === at) return;
    this.#rows[row] = last;
    const rows = this.#people.get(last.id);
    if (rows) rows[rows.indexOf(at)] = row;
  }
}

/** The two nearest people of those that were added, each by their nearest template. */
class TwoNearest implements Ranking {
  best: Candidate | undefined;
  second: Candidate | undefined;

  /** The dot product of whoever may still change something: beyond the second's distance nobody does. */
  get needed(): number {
    return this.second ? 1 - this.second.distance / 2 : Number.NEGATIVE_INFINITY;
  }

  add(candidate: Candidate): void {
    const { best, second } = this;
    if (best?.id === candidate.id) {
      if (candidate.distance < best.distance) this.best = candidate;
    } else if (!best || candidate.distance < best.distance) {
      this.second = best;
      this.best = candidate;
    } else if (!second || candidate.distance < second.distance) this.second = candidate;
  }
}

/** How near is near enough. */
export interface MatchRule {
  /** Largest distance of a match, 0…4. */
  readonly threshold: number;
  /** The second person must be farther by at least this. */
  readonly margin: number;
}

export type Match =
  | { readonly kind: 'person'; readonly best: Candidate; readonly second: Candidate | undefined }
  | { readonly kind: 'nobody'; readonly best: Candidate | undefined }
  | { readonly kind: 'ambiguous'; readonly best: Candidate; readonly second: Candidate };

/** The person whom a ranking identifies, if any. A distance of NaN never matches. */
export function matchOf({ best, second }: Ranking, rule: MatchRule): Match {
  if (!best || !(best.distance <= rule.threshold)) return { kind: 'nobody', best };
  if (second && !(second.distance - best.distance >= rule.margin)) return { kind: 'ambiguous', best, second };
  return { kind: 'person', best, second };
}
