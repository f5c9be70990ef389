import { expose, LAMP, noiseTable, paintWall } from './compositor.js';
import { printSheet, telephoneSheet } from './film/attack.js';
import { paintMesh } from './film/mesh.js';
import { handTurn, headTurn, lidsClosed } from './film/movement.js';
import { personOf } from './film/person.js';
import { SHEET_CELLS, sheetMesh } from './film/sheet.js';
import type { SamplePhotos } from './sample-photos.js';
import { type Actor, type Script, sceneAt, standing } from './script.js';

/** Paints one actor into a frame. @param share of the scene. @param second since its begin */
type Painter = (into: Uint8Array, share: number, second: number) => void;

/** Random numbers in the table of noise; a prime, so that no pattern repeats in a picture. */
const NOISE_LENGTH = 1_000_003;

/**
 * The frames of a script, in order: BGR, width × height × 3. The array is the same again for each frame.
 * @param random the same numbers make the same film
 */
export async function* framesOf(
  script: Script,
  photos: SamplePhotos,
  random: () => number,
): AsyncGenerator<Uint8Array> {
  const noise = noiseTable(NOISE_LENGTH, random);
  const pixels = new Uint8Array(script.width * script.height * 3);
  const wall = Uint8Array.from(pixels);
  paintWall(wall, script);
  let painters: readonly Painter[] = [];
  const frames = script.scenes.reduce((sum, scene) => sum + scene.frames, 0);
  for (let frame = 0; frame < frames; frame++) {
    const { scene, share, second } = sceneAt(script, frame);
    if (second === 0) painters = await paintersOf(script, scene.actors, photos, noise);
    pixels.set(wall);
    for (const paint of painters) paint(pixels, share, second);
    const light = scene.light[0] + (scene.light[1] - scene.light[0]) * share;
    const [blue, green, red] = LAMP;
    expose(pixels, [blue * light, green * light, red * light], scene.noise, noise, Math.floor(random() * noise.length));
    yield pixels;
  }
}

/** Several actors share the frame in strips, each with the surroundings of its own photo. */
async function paintersOf(
  script: Script,
  actors: readonly Actor[],
  photos: SamplePhotos,
  noise: Float32Array,
): Promise<Painter[]> {
  const painters: Painter[] = [];
  for (const [i, actor] of actors.entries()) {
    const edge = (n: number) => Math.round((n * script.width) / actors.length);
    painters.push(await painterOf(script, actor, [edge(i), edge(i + 1)], photos, noise));
  }
  return painters;
}

async function painterOf(
  script: Script,
  actor: Actor,
  strip: readonly [number, number],
  photos: SamplePhotos,
  noise: Float32Array,
): Promise<Painter> {
  const [least, tallest] = [Math.min(actor.from[2], actor.to[2]), Math.max(actor.from[2], actor.to[2])];
  const portrait = await photos.portrait(actor.likeness, tallest);
  if (actor.as === undefined || actor.as === 'person') {
    const { landmarks, texture, toTexture } = portrait;
    const person = personOf(landmarks, toTexture, standing(actor, 0.5), script);
    return (into, share, second) => {
      const posture = { standing: standing(actor, share), turn: headTurn(second), lids: lidsClosed(second) };
      paintMesh(into, script, person.at(posture), texture, person.cells, strip);
    };
  }
  const sheet =
    actor.as === 'print' ? printSheet(portrait, tallest, least, script, noise) : telephoneSheet(portrait, tallest);
  return (into, share, second) => {
    const mesh = sheetMesh(sheet, { standing: standing(actor, share), turn: handTurn(second) }, script);
    paintMesh(into, script, mesh, sheet.texture, SHEET_CELLS, strip);
  };
}
