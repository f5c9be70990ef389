import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADA, GRACE } from '../../src/demo/people.js';
import type { ShortFilm } from '../../src/demo/short-film.js';
import { type Mosquitto, startMosquitto } from '../site/mosquitto.js';
import { discard, notReady, portrait, scratch, shortFilm, startGate } from './harness.js';

let broker: Mosquitto;
let folder: string;
let photos: readonly { readonly name: string; readonly photo: Buffer }[];

beforeAll(async () => {
  if (notReady) return;
  folder = scratch();
  broker = await startMosquitto();
  photos = [
    { name: 'Ada', photo: await portrait(join(folder, 'ada.jpg'), ADA) },
    { name: 'Grace', photo: await portrait(join(folder, 'grace.jpg'), GRACE) },
  ];
}, 120_000);

afterAll(async () => {
  await broker?.stop();
  if (folder) discard(folder);
});

/** Who is let in during a film, liveness on with all cues. */
async function letIn(name: string, wanted: ShortFilm): Promise<readonly unknown[]> {
  const film = join(folder, `film-${name}`);
  await shortFilm(join(folder, `made-${name}`), wanted);
  const gate = await startGate(folder, broker.url, name, {
    // A site of its own: people of a site are shared by its gates.
    site: name,
    // The film comes only once the people are enrolled.
    camera: { kind: 'replay', path: film, fps: 10, speed: 'real', loop: false },
    liveness: { enabled: true },
    decision: { faces: 'all-known' },
  });
  try {
    await gate.office.until(({ eye }) => eye === 'up');
    for (const person of photos) await gate.office.enroll(person.name, person.photo);
    renameSync(join(folder, `made-${name}`), film);
    await gate.office.until(({ camera, door }) => camera === 'ended' && door?.state === 'locked');
    return gate.events.filter(({ type }) => type === 'granted').map((event) => event['name']);
  } finally {
    await gate.stop();
  }
}

test.skipIf(notReady).each([
  ['grace', { role: 'grace', as: 'person' }, ['Grace']],
  ['ada-on-paper', { role: 'adaPrinted', as: 'print' }, []],
  ['grace-on-paper', { role: 'grace', as: 'print' }, []],
] as const)(
  `a short film of %s, with all cues of liveness${notReady ? ` (${notReady})` : ''}`,
  async (name, wanted, names) => {
    expect(await letIn(name, { ...wanted, frames: 40, empty: 10 })).toEqual(names);
  },
  120_000,
);
