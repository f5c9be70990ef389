import { OperatingError } from '../../kit/errors.js';
import { type PhotoEye, withPhotoEye } from '../../models/photo-eye.js';
import { templateOf } from '../../person/enrolment-rules.js';
import { Gallery } from '../../person/gallery.js';
import type { Person } from '../../person/person.js';
import type { EvaluationContext } from '../context.js';
import { evaluationPerson } from '../faces/evaluation-person.js';
import { listImages, personOf } from '../faces/image-set.js';

/** People as an evaluation enrols them, and photos that could not be taken. */
export interface EnrolledPeople {
  readonly gallery: Gallery;
  readonly people: ReadonlyMap<string, Person>;
  readonly photos: number;
  /** Why photos were not taken, by file. */
  readonly refused: ReadonlyMap<string, string>;
  /** People none of whose photos was taken: their approaches count as missed all the same. */
  readonly failedToEnrol: readonly string[];
}

/**
 * Enrols one folder a person, by the rules of `kaimon enroll` for a photo; at most `people.maxTemplates` photos of each.
 * @throws OperatingError KAIMON_GALLERY_EMPTY when nobody could be enrolled
 */
export async function enrolFolder(context: EvaluationContext, folder: string): Promise<EnrolledPeople> {
  const images = listImages(folder);
  const names = [...new Set([...images.keys()].map(personOf))];
  const enrolled = await withPhotoEye(context, (eye) => enrolEach(context, eye, names, images));
  if (enrolled.gallery.size > 0) return enrolled;
  const [why] = enrolled.refused.values();
  throw new OperatingError(
    'KAIMON_GALLERY_EMPTY',
    `nobody of ${folder} could be enrolled: ${why ?? 'there is no photo'}; give each person a sharp frontal photo PERSON/PHOTO.jpg`,
  );
}

async function enrolEach(
  { config, startProgress }: EvaluationContext,
  eye: PhotoEye,
  names: readonly string[],
  images: ReadonlyMap<string, string>,
): Promise<EnrolledPeople> {
  const { encoder, dimension } = eye.modelSet;
  const gallery = new Gallery(encoder, dimension);
  const people = new Map<string, Person>();
  const refused = new Map<string, string>();
  const progress = startProgress('enrolling', names.length);
  for (const name of names) {
    const templates: Person['templates'][number][] = [];
    for (const [image, file] of images) {
      if (personOf(image) !== name || templates.length >= config.people.maxTemplates) continue;
      try {
        templates.push(templateOf(await eye.measureOne(file, config.faces.quality), encoder, ''));
      } catch (thrown) {
        // One bad photo is a finding; broken surroundings end the evaluation.
        if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
        refused.set(file, thrown.message);
      }
    }
    const person = evaluationPerson(name, templates);
    gallery.set(person);
    if (gallery.has(name)) people.set(name, person);
    progress.step();
  }
  progress.done();
  const failedToEnrol = names.filter((name) => !people.has(name));
  return { gallery, people, photos: gallery.templates, refused, failedToEnrol };
}
