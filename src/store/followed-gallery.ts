import { Gallery } from '../person/gallery.js';
import type { PeopleStore } from './people-store.js';

/** A gallery of the store's people that follows every change of the store. */
export function followedGallery(
  store: PeopleStore,
  { encoder, dimension }: { readonly encoder: string; readonly dimension: number },
): Gallery {
  const gallery = new Gallery(encoder, dimension);
  for (const person of store.all()) gallery.set(person);
  store.onChange(({ id, person }) => (person ? gallery.set(person) : gallery.delete(id)));
  return gallery;
}
