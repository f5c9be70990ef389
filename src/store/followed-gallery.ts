import { breathing } from '../kit/files/breathing.js';
import { Gallery } from '../person/gallery.js';
import type { PeopleStore } from './people-store.js';

/** Templates that are decoded in one turn of the event loop: under a millisecond on a PC. */
const TEMPLATES_AT_ONCE = 64;

/** A gallery of the store's people that follows every change of the store; filled some at a time, for the door is at work already. */
export async function followedGallery(
  store: Pick<PeopleStore, 'all' | 'get' | 'onChange'>,
  { encoder, dimension }: { readonly encoder: string; readonly dimension: number },
): Promise<Gallery> {
  const gallery = new Gallery(encoder, dimension);
  store.onChange(({ id, person }) => (person ? gallery.set(person) : gallery.delete(id)));
  await breathing(filling(gallery, store));
  return gallery;
}

function* filling(gallery: Gallery, store: Pick<PeopleStore, 'all' | 'get'>): Generator<void, void> {
  let templates = 0;
  for (const person of [...store.all()]) {
    // Who was changed meanwhile is in it already.
    if (store.get(person.id) !== person) continue;
    gallery.set(person);
    templates += person.templates.length;
    if (templates < TEMPLATES_AT_ONCE) continue;
    templates = 0;
    yield;
  }
}
