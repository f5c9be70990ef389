import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { iso } from '../kit/clock.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { PICTURE_NAME } from '../kit/pictures/picture-name.js';
import { systemClock } from '../kit/system-clock.js';
import { decodeVector } from '../kit/vector.js';
import { type PhotoEye, withPhotoEye } from '../models/photo-eye.js';
import { photoToEnrol, renewed, templateOf, tooNear } from '../person/enrolment-rules.js';
import type { Gallery } from '../person/gallery.js';
import type { Person, StoredTemplate } from '../person/person.js';
import { chooseThreshold, usableCurve } from '../person/thresholds.js';
import type { Context } from './context.js';
import { galleryOf, withStore } from './people-source.js';
import { ProgressLine } from './progress.js';

/** What became of one person. */
export interface Reencoded {
  readonly id: string;
  /** Photos that made a template. */
  readonly templates: number;
  /** One sentence a photo that did not. */
  readonly faults: readonly string[];
}

/**
 * Makes templates with the configuration's encoder from photos in `folder`/ID/. Templates of
 * other encoders stay as far as there is room; people without a usable photo keep what they have.
 * @throws OperatingError when the folder holds no person's photos, or a daemon has the store
 */
export function reencodePeople(context: Context, folder: string): Promise<{ encoder: string; rows: Reencoded[] }> {
  const { config } = context;
  const photos = photosById(folder);
  return withPhotoEye(context, (eye) => {
    const { encoder } = eye.modelSet;
    const { targetFpir, threshold } = config.decision;
    const curve = usableCurve(eye.modelSet.curve, encoder, threshold);
    return withStore(
      context,
      encoder,
      async (store) => {
        const people = [...store.all()];
        const known = people.some(({ id }) => photos.has(id));
        if (!known) throw noPhotos(`${folder} has no folder that is called like an enrolled person's id`);
        const gallery = galleryOf(people, eye.modelSet);
        const near = () =>
          config.people.duplicateDistance ?? chooseThreshold(curve, targetFpir, gallery.templates, threshold).threshold;
        const progress = new ProgressLine('measuring', people.length);
        const rows: Reencoded[] = [];
        for (const person of people) {
          const made = await templatesOf(person, photos.get(person.id) ?? [], { context, eye, gallery, near });
          if (made.fresh.length > 0) {
            const templates = renewed(person.templates, made.fresh, encoder, config.people.maxTemplates);
            gallery.set(await store.put({ ...person, templates, by: 'cli' }));
          }
          rows.push({ id: person.id, templates: made.fresh.length, faults: made.faults });
          progress.step();
        }
        progress.done();
        return { encoder, rows };
      },
      { acceptOtherEncoder: true },
    );
  });
}

/** Photos of one person that are measured, at most. */
const PHOTOS_MAX = 100;

interface Means {
  readonly context: Context;
  readonly eye: PhotoEye;
  readonly gallery: Gallery;
  /** A face nearer than this to another person is not taken. */
  readonly near: () => number;
}

async function templatesOf(person: Person, photos: readonly string[], { context, eye, gallery, near }: Means) {
  const { config } = context;
  const fresh: StoredTemplate[] = [];
  const faults: string[] = photos.length === 0 ? ['no photo was kept'] : [];
  for (const photo of photos.slice(0, PHOTOS_MAX)) {
    try {
      const found = photoToEnrol(await eye.measure(photo), config.faces.quality);
      const fault =
        'fault' in found ? found.fault : tooNear(gallery.rank(decodeVector(found.face.embedding), person.id), near());
      if (fault) faults.push(`${photo}: ${fault.text}`);
      if ('fault' in found || fault) continue;
      fresh.push(templateOf(found.face, gallery.encoder, iso(systemClock.wall())));
    } catch (thrown) {
      // One broken file of many must not end the work.
      if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
      faults.push(thrown.message);
    }
  }
  return { fresh, faults };
}

const noPhotos = (what: string, cause?: unknown) =>
  new OperatingError(
    'KAIMON_PEOPLE_REENCODE',
    `${what}: give a folder with the photos that you kept, one folder an id (ada/photo.jpg), or enrol the people again`,
    { cause },
  );

/** Id → photos, in the order of their names. */
function photosById(folder: string): Map<string, string[]> {
  try {
    const people = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return new Map(
      people.map(({ name }) => {
        const photos = readdirSync(join(folder, name)).filter((file) => PICTURE_NAME.test(file));
        return [name, photos.sort().map((file) => join(folder, name, file))];
      }),
    );
  } catch (cause) {
    throw noPhotos(`cannot read the folder ${folder} (${messageOf(cause)})`, cause);
  }
}
