import {
  ADA,
  ADA_ANOTHER_DAY,
  ADA_PRINTED,
  GRACE,
  type Likeness,
  STRANGER_AT_THE_WALL,
  STRANGER_ON_THE_STAIRS,
} from './people.js';
import type { Actor, Scene, Script } from './script.js';
import { inStudio } from './studio-client.js';

/** Who may come in a short film, and where each photo has room around the face: middle of the face in the frame, pixels. */
const ROLES = {
  ada: { likeness: ADA_ANOTHER_DAY, at: [318, 232] },
  adaPrinted: { likeness: ADA_PRINTED, at: [322, 229] },
  adaSmiling: { likeness: ADA, at: [330, 195] },
  grace: { likeness: GRACE, at: [456, 200] },
  strangerOnTheStairs: { likeness: STRANGER_ON_THE_STAIRS, at: [262, 270] },
  strangerAtTheWall: { likeness: STRANGER_AT_THE_WALL, at: [418, 240] },
} as const satisfies Record<string, { readonly likeness: Likeness; readonly at: readonly [number, number] }>;

export type Role = keyof typeof ROLES;

export interface ShortFilm {
  readonly role: Role;
  /** The person, or a picture of the person; see {@link Actor}. */
  readonly as: NonNullable<Actor['as']>;
  /** Frames with the person, 10 a second. */
  readonly frames: number;
  /** Frames of an empty place before and after. */
  readonly empty: number;
}

/** The script of a film in which one person comes, or one picture is held to the camera: 640×480. */
export function shortScript({ role, as, frames, empty }: ShortFilm): Script {
  const { likeness, at } = ROLES[role];
  const [x, y] = at;
  const scene: Omit<Scene, 'title' | 'frames' | 'actors'> = { light: [1, 1], noise: 1, expect: [] };
  const nobody = { ...scene, title: 'nobody', frames: empty, actors: [] };
  const comes: Scene = {
    ...scene,
    title: `${role} as ${as}`,
    frames,
    actors: [{ as, likeness, from: [x - 6, y - 3, 150], to: [x + 6, y + 3, 166] }],
  };
  const scenes = empty > 0 ? [nobody, comes, nobody] : [comes];
  return { width: 640, height: 480, fps: 10, scenes };
}

/**
 * Makes a {@link ShortFilm} for the replay camera, for tests: frames 000000.jpg … into the folder `out`. A person in it passes all cues
 * of liveness, a picture none that matters. The same film makes the same frames.
 * @param photos folder of the sample photos. @throws OperatingError when the studio fails
 */
export const makeShortFilm = (film: ShortFilm, photos: string, out: string): Promise<void> =>
  inStudio({ job: 'film', photos, out, seed: 1, script: shortScript(film) });
