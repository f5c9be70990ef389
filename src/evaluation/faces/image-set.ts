import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import type { Context } from '../../cli/context.js';
import { wholeNumber } from '../../cli/options.js';
import { Progress } from '../../cli/progress.js';
import { centre } from '../../face/geometry.js';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { decodeVector } from '../../kit/vector.js';
import { type MeasuredPhoto, PhotoEye } from '../../models/photo-eye.js';
import type { Sample } from './all-pairs.js';

/** Larger sets are refused: all embeddings are held in memory. */
const IMAGES_MAX = 20_000;

/** `--workers N`: 1 to 16. */
export const workersOption = (): Option =>
  new Option('--workers <n>', 'eyes that measure side by side')
    .argParser(wholeNumber(1, 16))
    .default(Math.min(4, availableParallelism()));

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
          if (/\.(jpe?g|png)$/i.test(name))
            images.set(`${person.name}/${name.replace(/\.[^.]+$/, '')}`, join(folder, person.name, name));
  } catch (cause) {
    throw new OperatingError('KAIMON_IMAGES', 'input', `cannot read the folder ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (images.size === 0 || images.size > IMAGES_MAX)
    throw new OperatingError(
      'KAIMON_IMAGES',
      'input',
      `${folder} holds ${images.size} photos PERSON/PHOTO.jpg, 1 to ${IMAGES_MAX} are allowed: give the folder above the people's folders`,
    );
  return images;
}

/** The person of a photo: the folder in which it lies. */
export const personOf = (image: string): string => image.split('/')[0] ?? '';

/**
 * Measures photos with `workers` eyes side by side, with progress on standard error.
 * @returns a sample an image, in the order given; without an embedding where no face was found. A file that is no usable
 *   picture is named on standard error and counts as one without a face.
 */
export async function measureAll(
  context: Context,
  images: ReadonlyMap<string, string>,
  workers: number,
): Promise<{ readonly samples: Map<string, Sample>; readonly encoder: string }> {
  const names = [...images.keys()];
  const samples = new Map<string, Sample>(
    names.map((name) => [name, { person: personOf(name), embedding: undefined }]),
  );
  const progress = new Progress('measuring', names.length);
  let next = 0;
  let encoder = '';
  const work = async () => {
    // Only measuring: the site's own thresholds, which may be what is to be mended, are not needed.
    const eye = await PhotoEye.start({ ...context, calibrationFile: undefined });
    encoder = eye.equipment.encoder;
    try {
      for (let name = names[next++]; name !== undefined; name = names[next++]) {
        const face = nearestTheCentre(await measured(eye, images.get(name) as string));
        if (face) samples.set(name, { person: personOf(name), embedding: decodeVector(face.embedding) });
        progress.step();
      }
    } finally {
      // Done, or broken: then the others need not go on.
      next = names.length;
      eye.stop();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  progress.done();
  return { samples, encoder };
}

type Seen = Pick<MeasuredPhoto, 'width' | 'height' | 'faces'>;
const NOTHING: Seen = { width: 0, height: 0, faces: [] };

async function measured(eye: PhotoEye, file: string): Promise<Seen> {
  try {
    return await eye.measure(file);
  } catch (thrown) {
    if (!(thrown instanceof OperatingError && thrown.trouble === 'input')) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
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
