import { encodeVector } from '../../src/kit/vector.js';
import { type Person, personSchema } from '../../src/person/person.js';

export const ENCODER = 'small@0123456789ab';

/** A unit vector of four numbers at an angle in the first plane: two angles are 2 − 2·cos(difference) apart. */
export function direction(angle: number): Float32Array {
  return Float32Array.from([Math.cos(angle), Math.sin(angle), 0, 0]);
}

export const apart = (angle: number): number => 2 - 2 * Math.cos(angle);

export function someone(id: string, angles: readonly number[], change: Partial<Person> = {}): Person {
  return personSchema.parse({
    id,
    name: id,
    language: null,
    greeting: null,
    groups: [],
    validFrom: null,
    validUntil: null,
    templates: angles.map((angle) => template(direction(angle))),
    version: '0000000000001-0000-gate',
    by: 'test',
    ...change,
  });
}

export const template = (vector: Float32Array, encoder = ENCODER) => ({
  encoder,
  vector: encodeVector(vector),
  quality: 0.9,
  added: '2026-11-24T08:00:00.000Z',
});
