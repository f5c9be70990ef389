import { readFile } from 'node:fs/promises';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { decodePhoto } from '../../src/kit/opencv/codec.js';
import { clampRegion, type Picture } from '../../src/kit/opencv/picture.js';
import { samplePath } from '../../src/models/model-files.js';

export interface SampleFace {
  readonly photo: string;
  /** x, y, side in pixels. */
  readonly square: readonly [number, number, number];
}

/** The 22 faces of the six sample photos. */
export const FACES: readonly SampleFace[] = [
  { photo: 'sample1.jpg', square: [390, 360, 230] },
  { photo: 'sample1.jpg', square: [825, 432, 215] },
  { photo: 'sample1.jpg', square: [1464, 213, 215] },
  { photo: 'sample2.jpg', square: [302, 124, 290] },
  { photo: 'sample2.jpg', square: [860, 231, 224] },
  { photo: 'sample2.jpg', square: [1427, 163, 229] },
  { photo: 'sample3.jpg', square: [551, 330, 275] },
  { photo: 'sample3.jpg', square: [1030, 193, 313] },
  { photo: 'sample3.jpg', square: [1462, 302, 264] },
  { photo: 'sample4.jpg', square: [220, 195, 250] },
  { photo: 'sample4.jpg', square: [630, 64, 249] },
  { photo: 'sample4.jpg', square: [950, 178, 253] },
  { photo: 'sample4.jpg', square: [1221, 150, 246] },
  { photo: 'sample5.jpg', square: [323, 889, 278] },
  { photo: 'sample5.jpg', square: [560, 416, 255] },
  { photo: 'sample5.jpg', square: [769, 116, 210] },
  { photo: 'sample5.jpg', square: [1088, 209, 217] },
  { photo: 'sample5.jpg', square: [1363, 382, 278] },
  { photo: 'sample6.jpg', square: [219, 480, 279] },
  { photo: 'sample6.jpg', square: [602, 323, 310] },
  { photo: 'sample6.jpg', square: [1124, 309, 275] },
  { photo: 'sample6.jpg', square: [1442, 261, 296] },
];

const photos = new Map<string, Picture>();

async function photo(file: string): Promise<Picture> {
  const known = photos.get(file);
  if (known) return known;
  await loadOpenCv();
  const { picture } = await decodePhoto(await readFile(samplePath({ file })));
  photos.set(file, picture);
  return picture;
}

/** One face as 112×112 BGR bytes. */
export async function cutFace(face: SampleFace): Promise<Buffer> {
  const picture = await photo(face.photo);
  const [x, y, side] = face.square;
  const region = clampRegion({ x, y, width: side, height: side }, picture.width, picture.height);
  if (region?.width !== side || region.height !== side) throw new Error(`the square at ${x},${y} leaves ${face.photo}`);
  const crop = picture.crop(region);
  const small = crop.resize(112, 112);
  const bytes = small.bytes();
  for (const used of [crop, small]) used.release();
  return bytes;
}
