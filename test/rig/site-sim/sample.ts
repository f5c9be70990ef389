/** Made-up people, and keys for a site of made-up gates. */
import { randomBytes } from 'node:crypto';
import type { SiteKeys } from '../../../src/keys/open-keys.js';
import { RecordSeal } from '../../../src/keys/record-seal.js';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { iso, wallMs } from '../../../src/kit/clock.js';
import { makeSealKey } from '../../../src/kit/sealing/seal-key.js';
import { encodeVector } from '../../../src/kit/vector.js';
import type { Person } from '../../../src/person/person.js';
import { nextVersion } from '../../../src/person/version.js';
import { listOf, siteKeysOf, trusted } from '../../keys/sample.js';
import { ENCODER } from './gate.js';

const ADDED = iso(wallMs(Date.UTC(2026, 10, 24, 8)));

/** Somebody with one template. @param numbers of the template; the product's encoders have 128 and 512 */
export function newcomer(id: string, name: string, by: string, numbers: number, random: () => number) {
  const vector = encodeVector(Float32Array.from({ length: numbers }, () => random() - 0.5));
  return {
    id,
    name,
    language: null,
    greeting: null,
    groups: ['staff'],
    validFrom: null,
    validUntil: null,
    templates: [{ encoder: ENCODER, vector, quality: 0.9, added: ADDED }],
    by,
  } satisfies Omit<Person, 'version'>;
}

/** People who were enrolled a day ago at the first gate. */
export function founders(count: number, numbers: number, random: () => number): Person[] {
  let version: string | null = null;
  return Array.from({ length: count }, (_, i) => {
    version = nextVersion(version, wallMs(Date.now() - 24 * 60 * 60_000), 'g0');
    return { ...newcomer(`f-${i}`, `Founder ${i}`, 'g0', numbers, random), version };
  });
}

/** Keys of the site for each gate; nothing where `wanted` is false. */
export function keysFor(gates: readonly string[], wanted: boolean): (gate: string) => SiteKeys | undefined {
  if (!wanted) return () => undefined;
  const keys = new Map(gates.map((gate) => [gate, newSigningKey().key]));
  const list = listOf([...keys].map(([gate, key]) => trusted(gate, key, ['gate'])));
  const secret = makeSealKey(randomBytes(32));
  return (gate) => siteKeysOf(list, keys.get(gate), new RecordSeal(secret));
}
