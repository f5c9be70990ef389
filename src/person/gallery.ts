// pure
import { decodeVector } from '../kit/vector.js';
import { isUnit, squaredDistance } from './distance.js';
import type { Person } from './person.js';

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
  readonly #people = new Map<string, readonly Float32Array[]>();
  #templates = 0;

  constructor(encoder: string, dimension: number) {
    this.encoder = encoder;
    this.dimension = dimension;
  }

  /** People with at least one usable template. */
  get size(): number {
    return this.#people.size;
  }

  get templates(): number {
    return this.#templates;
  }

  has(id: string): boolean {
    return this.#people.has(id);
  }

  /** Replaces a person's templates by their present ones. @returns how many templates were unusable. */
  set(person: Person): number {
    this.delete(person.id);
    const own = person.templates.filter((template) => template.encoder === this.encoder);
    const vectors = own.map((template) => decodeVector(template.vector));
    const usable = vectors.filter((vector) => vector.length === this.dimension && isUnit(vector));
    if (usable.length > 0) this.#people.set(person.id, usable);
    this.#templates += usable.length;
    return own.length - usable.length;
  }

  delete(id: string): void {
    this.#templates -= this.#people.get(id)?.length ?? 0;
    this.#people.delete(id);
  }

  /** Distance to one person's nearest template; undefined for an unknown id. For 1:1. */
  distanceTo(id: string, probe: Float32Array): number | undefined {
    const templates = this.#people.get(id);
    return templates && nearest(templates, probe);
  }

  /** The two nearest people. For 1:K. `without` leaves one person out. */
  rank(probe: Float32Array, without?: string): Ranking {
    let best: Candidate | undefined;
    let second: Candidate | undefined;
    for (const [id, templates] of this.#people) {
      if (id === without) continue;
      const candidate = { id, distance: nearest(templates, probe) };
      if (!best || candidate.distance < best.distance) {
        second = best;
        best = candidate;
      } else if (!second || candidate.distance < second.distance) second = candidate;
    }
    return { best, second };
  }
}

function nearest(templates: readonly Float32Array[], probe: Float32Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const template of templates) {
    const distance = squaredDistance(template, probe);
    if (distance < least) least = distance;
  }
  return least;
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
