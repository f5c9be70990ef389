import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ADA_ANOTHER_DAY, type Likeness } from '../demo/people.js';
import type { Actor, Scene, Script } from '../demo/script.js';
import { inStudio } from '../demo/studio-client.js';
import { projectRoot } from '../models/model-files.js';

/** Files of frames, 640×480, with no face, one of about 150 pixels, three of about 110. */
export interface BenchFilms {
  readonly none: readonly string[];
  readonly one: readonly string[];
  readonly three: readonly string[];
}

/** Every frame of a scene has its own noise and place: the same picture again and again would flatter caches. */
const FRAMES = 100;
const SEED = 10;

const actor = (likeness: Likeness, x: number, height: number): Actor => ({
  likeness,
  from: [x - 8, 235, height * 0.97],
  to: [x + 8, 245, height * 1.03],
});
const scene = (title: string, actors: readonly Actor[]): Scene => ({
  title,
  frames: FRAMES,
  actors,
  light: [0.9, 1.1],
  // With more noise liveness would give no score.
  noise: 2,
  expect: [],
});

function script(): Script {
  // A photo with nobody else on it: the scenes show the photo's surroundings, too.
  const three = [115, 320, 525].map((x) => actor(ADA_ANOTHER_DAY, x, 110));
  const scenes = [
    scene('nobody', []),
    scene('one face', [actor(ADA_ANOTHER_DAY, 320, 150)]),
    scene('three faces', three),
  ];
  return { width: 640, height: 480, fps: 10, scenes };
}

/** Makes the films in `folder` from the sample photos. @throws OperatingError when the studio fails */
export async function makeFilms(folder: string): Promise<BenchFilms> {
  const out = join(folder, 'film');
  const photos = join(projectRoot(), 'models', 'build', 'samples');
  await inStudio({ job: 'film', photos, out, seed: SEED, script: script() });
  const files = readdirSync(out)
    .sort()
    .map((name) => join(out, name));
  return {
    none: files.slice(0, FRAMES),
    one: files.slice(FRAMES, 2 * FRAMES),
    three: files.slice(2 * FRAMES, 3 * FRAMES),
  };
}

/** A folder for the replay camera with `length` frames, the given ones again and again. */
export function layOut(folder: string, files: readonly string[], length: number): void {
  mkdirSync(folder, { recursive: true });
  for (let frame = 0; frame < length; frame++)
    symlinkSync(files[frame % files.length] as string, join(folder, `${String(frame).padStart(6, '0')}.jpg`));
}
