import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { centre } from '../../face/geometry.js';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { PICTURE_NAME } from '../../kit/pictures/picture-name.js';
import { decodeVector } from '../../kit/vector.js';
import { type MeasuredPhoto, PhotoEye } from '../../models/photo-eye.js';
import type { EvaluationContext } from '../context.js';
import type { Sample } from './all-pairs.js';

/** Larger sets are refused: all embeddings are held in memory. */
const IMAGES_MAX = 20_000;

/**
 * The photos of a folder that holds one folder a person. @returns `PERSON/PHOTO` without the ending → file, in the order
 * of names. @throws OperatingError KAIMON_IMAGES when there are none, too many, or the folder cannot be read
 */
export function listImages(folder: string): Map<string, string> {
  const images = new Map<string, string>();
  try {
    for (const person of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)))
      if (person.isDirectory())
        for (const name of readdirSync(join(folder, person.name)).sort())
          if (PICTURE_NAME.test(name))
            images.set(`${person.name}/${name.replace(/\.[^.]+$/, '')}`, join(folder, person.name, name));
  } catch (cause) {
    throw new OperatingError('KAIMON_IMAGES', `cannot read the folder ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (images.size === 0 || images.size > IMAGES_MAX)
    throw new OperatingError(
      'KAIMON_IMAGES',
      `${folder} holds ${images.size} photos PERSON/PHOTO.jpg, 1 to ${IMAGES_MAX} are allowed: give the folder above the people's folders`,
    );
  return images;
}

/** The person of a photo: the folder in which it lies. */
export const personOf = (image: string): string => image.split('/')[0] ?? '';

/**
 * Measures photos with `workers` eyes side by side.
 * @returns a sample an image, in the order given; without an embedding where no face was found. A file that is no usable
 *   picture is reported and counts as one without a face.
 */
export async function measureAll(
  context: EvaluationContext,
  images: ReadonlyMap<string, string>,
  workers: number,
): Promise<{ readonly samples: Map<string, Sample>; readonly encoder: string }> {
  const names = [...images.keys()];
  const samples = new Map<string, Sample>(
    names.map((name) => [name, { person: personOf(name), embedding: undefined }]),
  );
  const progress = context.startProgress('measuring', names.length);
  let next = 0;
  let encoder = '';
  const work = async () => {
    // The site's own thresholds are not needed, and may be the very file that is to be mended.
    const eye = await PhotoEye.start({ ...context, calibrationFile: undefined });
    encoder = eye.modelSet.encoder;
    try {
      for (let name = names[next++]; name !== undefined; name = names[next++]) {
        const face = nearestTheCentre(await measured(eye, images.get(name) as string, context.onUnusable));
        if (face) samples.set(name, sampleOf(personOf(name), face));
        progress.step();
      }
    } finally {
      // Nothing is left, or this worker failed: the others need not go on.
      next = names.length;
      eye.stop();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  progress.done();
  return { samples, encoder };
}

const sampleOf = (person: string, { embedding, template }: MeasuredPhoto['faces'][number]): Sample => ({
  person,
  embedding: decodeVector(embedding),
  template: template === undefined ? undefined : decodeVector(template),
});

type Seen = Pick<MeasuredPhoto, 'width' | 'height' | 'faces'>;
const NOTHING: Seen = { width: 0, height: 0, faces: [] };

async function measured(eye: PhotoEye, file: string, onUnusable: EvaluationContext['onUnusable']): Promise<Seen> {
  try {
    return await eye.measure(file, { turn: false });
  } catch (thrown) {
    if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
    onUnusable(thrown.message);
    return NOTHING;
  }
}

/** Sets of faces are centred on the person they name; others may stand beside. */
function nearestTheCentre({ width, height, faces }: Seen) {
  const away = ({ box }: MeasuredPhoto['faces'][number]) => {
    const [x, y] = centre(box);
    return Math.hypot(x - width / 2, y - height / 2);
  };
  return [...faces].sort((a, b) => away(a) - away(b))[0];
}
