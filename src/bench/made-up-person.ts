import { encodeVector } from '../kit/vector.js';
import type { Person } from '../person/person.js';

/** What a made-up person's templates look like. */
export interface TemplateShape {
  readonly encoder: string;
  /** Numbers of a template, at most 1024. */
  readonly dimension: number;
  /** Per person, at most 10. */
  readonly templates: number;
}

/** A person with random templates of length 1. */
export function madeUpPerson(id: string, { encoder, dimension, templates }: TemplateShape): Person {
  return {
    id,
    name: `Person ${id}`,
    language: 'en',
    greeting: null,
    groups: ['staff'],
    validFrom: null,
    validUntil: null,
    templates: Array.from({ length: templates }, () => ({
      encoder,
      vector: encodeVector(unitVector(dimension)),
      quality: 0.9,
      added: '2026-11-24T08:00:00.000Z',
    })),
    version: '1700000000000-0000-bench',
    by: 'bench',
  };
}

function unitVector(dimension: number): Float32Array {
  const vector = Float32Array.from({ length: dimension }, () => Math.random() - 0.5);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
