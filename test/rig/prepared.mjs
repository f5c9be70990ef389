// What all gates of the rig share: a film of Ada, the people file in which she and Bob are enrolled, two installations of this program.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENROLLED } from '../../dist/demo/people.js';
import { makeShortFilm } from '../../dist/demo/short-film.js';
import { inStudio } from '../../dist/demo/studio-client.js';
import { loadOpenCv } from '../../dist/kit/opencv/binding.js';
import { encodeJpeg } from '../../dist/kit/opencv/codec.js';
import { Picture } from '../../dist/kit/opencv/picture.js';
import { seeded } from '../../dist/kit/seeded-random.js';
import { findModel } from '../../dist/models/manifest.js';
import { loadManifest } from '../../dist/models/model-files.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLES = join(ROOT, 'models', 'build', 'samples');

/** @param folder of the rig @param frames with Ada and without her, in each round of the film */
export async function prepare(folder, { frames = 40, empty = 20 } = {}) {
  const film = join(folder, 'film');
  await makeShortFilm({ role: 'ada', as: 'person', frames, empty }, SAMPLES, film);
  const portraits = ENROLLED.map(({ name, likeness }) => ({ likeness, out: join(folder, `${name}.jpg`) }));
  await inStudio({ job: 'portraits', photos: SAMPLES, portraits });
  const state = join(folder, 'enrolled');
  const config = join(folder, 'enrol.yaml');
  writeFileSync(config, 'site: rig\ngate: rig\neye: { hangMs: 60000 }\n');
  for (const { name } of ENROLLED) {
    const args = ['enroll', name, join(folder, `${name}.jpg`), '--config', config, '--state', state];
    execFileSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return {
    folder,
    film,
    black: await darkness(join(folder, 'black')),
    people: readFileSync(join(state, 'people.json')),
    /** Who is removed by request; Ada must stay, as her face is shown. */
    removed: 'grace',
    root: ROOT,
    rootWithoutEncoder: installation(join(folder, 'blind')),
  };
}

/** What a camera delivers whose lens is covered: black, with the noise of its sensor. */
async function darkness(folder) {
  await loadOpenCv();
  mkdirSync(folder);
  const random = seeded(1);
  for (let n = 0; n < 12; n++) {
    const bytes = Buffer.alloc(640 * 480 * 3).map(() => Math.floor(random() * 9));
    const picture = Picture.fromBytes(bytes, 640, 480, 3);
    writeFileSync(join(folder, `${n}.jpg`), encodeJpeg(picture, 90));
    picture.release();
  }
  return folder;
}

/** A copy of this program that lacks the file of the encoder. */
function installation(root) {
  const encoder = findModel(loadManifest(), 'encoder', 'mobilefacenet').file;
  mkdirSync(root);
  for (const name of ['dist', 'package.json'])
    cpSync(join(ROOT, name), join(root, name), { recursive: true, dereference: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  cpSync(join(ROOT, 'models'), join(root, 'models'), {
    recursive: true,
    dereference: true,
    filter: (path) => !path.endsWith(encoder) && !/models\/(?:training|build\/(?:samples|originals))$/.test(path),
  });
  if (readdirSync(join(root, 'models')).length === 0) throw new Error('no models were copied');
  return root;
}
