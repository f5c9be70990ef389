import { promises as fs } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { encodeVector } from '../../src/kit/vector.js';
import type { Person } from '../../src/person/person.js';
import type { PeopleStoreOptions } from '../../src/store/people-options.js';
import { PeopleStore } from '../../src/store/people-store.js';

export const ENCODER = 'openface@0123456789ab';
export const OTHER_ENCODER = 'dlib@fedcba987654';

/** A folder of the test's own, gone afterwards. */
export async function tempFolder(): Promise<string> {
  const folder = await fs.mkdtemp(join(tmpdir(), 'kaimon-store-'));
  // Again where something is still being saved.
  onTestFinished(() => fs.rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export function newcomer(id: string, change: Partial<Omit<Person, 'version'>> = {}): Omit<Person, 'version'> {
  return {
    id,
    name: `Person ${id}`,
    language: null,
    greeting: null,
    groups: ['staff'],
    validFrom: null,
    validUntil: null,
    templates: [template(0.5)],
    by: 'test',
    ...change,
  };
}

export const template = (first: number, encoder = ENCODER) => ({
  encoder,
  vector: encodeVector(Float32Array.from([first, 0.5, -0.25, 1])),
  quality: 0.9,
  added: '2026-11-24T08:00:00.000Z',
});

export const version = (ms: number, counter = 0, node = 'gate'): string =>
  `${String(ms).padStart(13, '0')}-${counter.toString(16).padStart(4, '0')}-${node}`;

export const person = (id: string, at: string, change: Partial<Omit<Person, 'version'>> = {}): Person => ({
  ...newcomer(id, change),
  version: at,
});

/** Opens a store that the test need not close. */
export async function openStore(change: Partial<PeopleStoreOptions> & { readonly file: string }): Promise<PeopleStore> {
  const store = await PeopleStore.open({
    encoder: ENCODER,
    gate: 'north',
    clock: new ManualClock(),
    log: silentLog,
    ...change,
  });
  // A test that makes saving fail leaves a store that cannot close cleanly; that is its point.
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

export const names = async (folder: string): Promise<readonly string[]> => (await fs.readdir(folder)).sort();
