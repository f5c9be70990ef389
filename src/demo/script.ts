// pure
import type { Affine } from '../kit/opencv/picture.js';

/** A face on one of the sample photos, in pixels of the photo. */
export interface Likeness {
  readonly photo: string;
  readonly centre: readonly [number, number];
  /** From brow to chin. */
  readonly height: number;
  /** Degrees to turn the photo so that the head stands upright. */
  readonly turn: number;
}

/** A person who walks through the picture: place and size of the face at the scene's begin and end, frame pixels. */
export interface Actor {
  /** The person, or a photo of the person on a telephone. Default: the person. */
  readonly as?: 'person' | 'phone' | undefined;
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

const ADA: Likeness = { photo: 'sample3.jpg', centre: [1186, 350], height: 313, turn: 0 };
/** The same woman on another evening, alone on the photo, laughing with her head thrown to the side. */
export const ADA_ANOTHER_DAY: Likeness = { photo: 'sample1.jpg', centre: [1572, 321], height: 250, turn: 40 };
const GRACE: Likeness = { photo: 'sample6.jpg', centre: [1590, 409], height: 296, turn: 0 };
const STRANGER_ON_THE_STAIRS: Likeness = { photo: 'sample5.jpg', centre: [462, 1028], height: 278, turn: 0 };
const STRANGER_AT_THE_WALL: Likeness = { photo: 'sample5.jpg', centre: [1502, 521], height: 278, turn: 0 };

/** Who is enrolled, each from one photo. */
export const ENROLLED: readonly { readonly name: string; readonly likeness: Likeness }[] = [
  { name: 'Ada', likeness: ADA },
  { name: 'Grace', likeness: GRACE },
];

const empty = (frames: number): Scene => ({
  title: 'nobody there',
  frames,
  actors: [],
  light: [1, 1],
  noise: 3,
  expect: [],
});

/** Longer than a track lives without being seen, so that every approach is one of its own. */
const BETWEEN = empty(15);

/** The demo's film: 640×480 at 10 frames a second. */
export const SCRIPT: Script = {
  width: 640,
  height: 480,
  fps: 10,
  scenes: [
    empty(25),
    {
      title: 'Ada comes in, on another day than the one of the photo she was enrolled with',
      frames: 55,
      actors: [{ likeness: ADA_ANOTHER_DAY, from: [345, 240, 130], to: [300, 250, 180] }],
      light: [1.05, 1.15],
      noise: 2,
      expect: [{ name: 'Ada', grant: true }],
    },
    BETWEEN,
    {
      title: 'a stranger tries',
      frames: 50,
      actors: [{ likeness: STRANGER_ON_THE_STAIRS, from: [220, 300, 139], to: [280, 260, 180] }],
      light: [1, 1.1],
      noise: 2,
      expect: [{ name: 'a stranger', grant: false }],
    },
    BETWEEN,
    {
      title: 'somebody holds a telephone with a photo of Ada to the camera',
      frames: 40,
      actors: [{ as: 'phone', likeness: ADA, from: [300, 240, 120], to: [330, 240, 150] }],
      light: [1, 1],
      noise: 2,
      expect: [{ name: 'Ada on a telephone', grant: false }],
    },
    // Longer than a spoof locks the place out.
    empty(60),
    {
      title: 'Grace comes in between two strangers',
      frames: 50,
      actors: [{ likeness: GRACE, from: [500, 165, 125], to: [470, 205, 160] }],
      light: [0.95, 1.05],
      noise: 2,
      expect: [{ name: 'Grace', grant: true }],
    },
    BETWEEN,
    {
      title: 'another stranger tries',
      frames: 50,
      actors: [{ likeness: STRANGER_AT_THE_WALL, from: [440, 230, 139], to: [400, 250, 180] }],
      light: [1, 1.1],
      noise: 2,
      expect: [{ name: 'another stranger', grant: false }],
    },
    BETWEEN,
    {
      title: 'Ada comes back',
      frames: 55,
      actors: [{ likeness: ADA_ANOTHER_DAY, from: [310, 245, 140], to: [340, 245, 180] }],
      light: [1, 1.1],
      noise: 2,
      expect: [{ name: 'Ada', grant: true }],
    },
    empty(20),
  ],
};

export const filmLength = (script: Script): number => script.scenes.reduce((sum, { frames }) => sum + frames, 0);

/** The scene of a frame of the film, and how far it has gone, 0…1. */
export function sceneAt(
  script: Script,
  frame: number,
): { readonly scene: Scene; readonly index: number; readonly share: number } {
  let start = 0;
  for (const [index, scene] of script.scenes.entries()) {
    if (frame < start + scene.frames) return { scene, index, share: (frame - start) / Math.max(1, scene.frames - 1) };
    start += scene.frames;
  }
  throw new RangeError(`the film has ${start} frames, ${frame} is none of them`);
}

/** A walker sways: amplitude in pixels, period in shares of a scene. */
const SWAY = { px: 4, turns: 3, degrees: 2 };

/** From the photo's pixels to the frame's, for an actor at `share` of the scene. */
export function placement(
  { likeness, from, to }: Actor,
  share: number,
): { readonly matrix: Affine; readonly x: number; readonly y: number; readonly height: number } {
  const swing = Math.sin(share * SWAY.turns * 2 * Math.PI);
  const at = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * share;
  const [x, y, height] = [at(0) + SWAY.px * swing, at(1) + Math.abs(SWAY.px * swing), at(2)];
  const angle = ((-likeness.turn + SWAY.degrees * swing) * Math.PI) / 180;
  const zoom = height / likeness.height;
  const [cos, sin] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
  const [cx, cy] = likeness.centre;
  return { matrix: [cos, -sin, x - cos * cx + sin * cy, sin, cos, y - sin * cx - cos * cy], x, y, height };
}
