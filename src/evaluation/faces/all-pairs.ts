// pure
import { squaredDistance } from '../../person/distance.js';
import type { PairDistances } from '../figures.js';

/** An image of a set; no embedding: no face was found on it. */
export interface Sample {
  readonly person: string;
  readonly embedding: Float32Array | undefined;
  /** What is enrolled of it, where that is another one. */
  readonly template?: Float32Array | undefined;
}

/** Distances of every pair of images. n images cost n²/2 comparisons: 3,811 take some seconds. */
export function allPairs(samples: readonly Sample[]): PairDistances {
  const impostors = new Float32Array((samples.length * (samples.length - 1)) / 2);
  const genuine = new Map<string, { distances: number[]; total: number }>();
  let impostor = 0;
  let impostorTotal = 0;
  samples.forEach((a, i) => {
    for (let j = i + 1; j < samples.length; j++) {
      const b = samples[j] as Sample;
      const distance = a.embedding && b.embedding ? squaredDistance(a.embedding, b.embedding) : undefined;
      if (a.person !== b.person) {
        impostorTotal += 1;
        if (distance !== undefined) impostors[impostor++] = distance;
        continue;
      }
      const own = genuine.get(a.person) ?? { distances: [], total: 0 };
      genuine.set(a.person, own);
      own.total += 1;
      if (distance !== undefined) own.distances.push(distance);
    }
  });
  return { impostor: impostors.subarray(0, impostor).sort(), impostorTotal, genuine: [...genuine.values()] };
}

/** Two images of different people. */
export interface ImpostorPair {
  readonly a: string;
  readonly b: string;
  readonly distance: number;
}

/** The `count` nearest pairs of different people, nearest first: mistaken labels show here. @param samples by image name */
export function nearestImpostors(samples: ReadonlyMap<string, Sample>, count: number): ImpostorPair[] {
  const named = [...samples];
  let nearest: ImpostorPair[] = [];
  named.forEach(([a, one], i) => {
    for (const [b, other] of named.slice(i + 1)) {
      if (one.person === other.person || !one.embedding || !other.embedding) continue;
      const distance = squaredDistance(one.embedding, other.embedding);
      if (nearest.length === count && distance >= (nearest.at(-1)?.distance ?? 0)) continue;
      nearest = [...nearest, { a, b, distance }].sort((x, y) => x.distance - y.distance).slice(0, count);
    }
  });
  return nearest;
}
