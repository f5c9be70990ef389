// pure
import type { Placement } from './film/person.js';
import {
  ADA,
  ADA_ANOTHER_DAY,
  ADA_PRINTED,
  GRACE,
  type Likeness,
  STRANGER_AT_THE_WALL,
  STRANGER_ON_THE_STAIRS,
} from './people.js';

/** Who or what comes before the camera: place and size of the face at the scene's begin and end, frame pixels. */
export interface Actor {
  /** The person, or a photo of the person: printed so large that no rim is in the picture, or on a telephone. Default: the person. */
  readonly as?: 'person' | 'print' | 'phone' | undefined;
  readonly likeness: Likeness;
  readonly from: readonly [x: number, y: number, height: number];
  readonly to: readonly [x: number, y: number, height: number];
}

export interface Scene {
  readonly title: string;
  readonly frames: number;
  readonly actors: readonly Actor[];
  /** Brightness at begin and end, 1 = as photographed. */
  readonly light: readonly [number, number];
  /** Standard deviation of the sensor's noise, 0–255. */
  readonly noise: number;
  /** Who must be let in, in the order of the actors; others must not. */
  readonly expect: readonly { readonly name: string; readonly grant: boolean }[];
}

export interface Script {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly scenes: readonly Scene[];
}

const empty = (frames: number): Scene => ({
  title: 'nobody there',
  frames,
  actors: [],
  light: [1, 1],
  noise: 1,
  expect: [],
});

/** Longer than a track lives without being seen, so that every approach is one of its own. */
const BETWEEN = empty(15);

/** Longer than a picture shuts its place. */
const AFTER_A_PICTURE = empty(60);

/** The demo's film: 640×480 at 10 frames a second. */
export const SCRIPT: Script = {
  width: 640,
  height: 480,
  fps: 10,
  scenes: [
    empty(20),
    {
      title: 'Ada comes in, on another day than the one of the photo she was enrolled with',
      frames: 45,
      actors: [{ likeness: ADA_ANOTHER_DAY, from: [324, 230, 150], to: [312, 236, 170] }],
      light: [1, 1.05],
      noise: 1,
      expect: [{ name: 'Ada', grant: true }],
    },
    BETWEEN,
    {
      title: 'a stranger tries',
      frames: 35,
      actors: [{ likeness: STRANGER_ON_THE_STAIRS, from: [256, 276, 146], to: [268, 264, 166] }],
      light: [1, 1.1],
      noise: 1,
      expect: [{ name: 'a stranger', grant: false }],
    },
    BETWEEN,
    {
      title: 'somebody holds a print of Ada to the camera, so large that it fills the picture',
      frames: 45,
      actors: [{ as: 'print', likeness: ADA_PRINTED, from: [316, 226, 158], to: [328, 232, 172] }],
      light: [1, 1],
      noise: 1,
      expect: [{ name: 'Ada on paper', grant: false }],
    },
    AFTER_A_PICTURE,
    {
      title: 'Grace comes in beside a stranger',
      frames: 45,
      actors: [{ likeness: GRACE, from: [462, 196, 148], to: [450, 204, 164] }],
      light: [0.95, 1.05],
      noise: 1,
      expect: [{ name: 'Grace', grant: true }],
    },
    BETWEEN,
    {
      title: 'another stranger tries',
      frames: 35,
      actors: [{ likeness: STRANGER_AT_THE_WALL, from: [424, 236, 146], to: [412, 244, 166] }],
      light: [1, 1.1],
      noise: 1,
      expect: [{ name: 'another stranger', grant: false }],
    },
    BETWEEN,
    {
      title: 'somebody holds a telephone with a photo of Ada to the camera',
      frames: 40,
      actors: [{ as: 'phone', likeness: ADA, from: [304, 240, 128], to: [330, 244, 150] }],
      light: [1, 1],
      noise: 1,
      expect: [{ name: 'Ada on a telephone', grant: false }],
    },
    AFTER_A_PICTURE,
    {
      title: 'Ada comes back',
      frames: 45,
      actors: [{ likeness: ADA_ANOTHER_DAY, from: [308, 232, 146], to: [320, 236, 168] }],
      light: [1, 1.05],
      noise: 1,
      expect: [{ name: 'Ada', grant: true }],
    },
    empty(20),
  ],
};

export const filmLength = (script: Script): number => script.scenes.reduce((sum, { frames }) => sum + frames, 0);

/** The scene of a frame of the film, how far it has gone, 0…1, and for how many seconds. */
export function sceneAt(
  script: Script,
  frame: number,
): { readonly scene: Scene; readonly index: number; readonly share: number; readonly second: number } {
  let start = 0;
  for (const [index, scene] of script.scenes.entries()) {
    const gone = frame - start;
    if (gone < scene.frames)
      return { scene, index, share: gone / Math.max(1, scene.frames - 1), second: gone / script.fps };
    start += scene.frames;
  }
  throw new RangeError(`the film has ${start} frames, ${frame} is none of them`);
}

/** A walker sways: pixels, and how often in a scene. */
const SWAY = { px: 4, turns: 3 };

/** Where an actor's face stands at `share` of the scene. */
export function standing({ from, to }: Pick<Actor, 'from' | 'to'>, share: number): Placement {
  const swing = Math.sin(share * SWAY.turns * 2 * Math.PI);
  const at = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * share;
  return { x: at(0) + SWAY.px * swing, y: at(1) + Math.abs(SWAY.px * swing), height: at(2) };
}
