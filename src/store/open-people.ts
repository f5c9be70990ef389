import { join } from 'node:path';
import type { Opening } from '../config/opening.js';
import type { Gallery } from '../person/gallery.js';
import { followedGallery } from './followed-gallery.js';
import { PeopleStore } from './people-store.js';

/** The people, as far as they can be had, and the gallery that is kept equal to them. @throws OperatingError as {@link PeopleStore.openAnyway} */
export async function openPeople(
  { config, paths, vault, clock, log, endings }: Opening,
  model: { readonly encoder: string; readonly dimension: number },
): Promise<{ readonly people: PeopleStore; readonly gallery: Gallery }> {
  const { encoder } = model;
  const people = await endings.open(
    'the people',
    () =>
      PeopleStore.openAnyway({ file: join(paths.state, 'people.json'), encoder, gate: config.gate, vault, clock, log }),
    (store, leftMs) => store.close(leftMs),
    { saves: true },
  );
  return { people, gallery: await followedGallery(people, model) };
}
