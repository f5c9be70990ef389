// pure
import type { NetworkInput } from '../../face/network-input.js';
import { OperatingError } from '../../kit/errors.js';
import type { ModelOf } from '../manifest.js';

export const PRESETS = ['sface', 'arcface-112', 'facenet-160', 'custom'] as const;
export type Preset = (typeof PRESETS)[number];

/** Which points of a face an encoder is aligned by. */
export const POINTS = ['arcface', 'openface'] as const;
export type Points = (typeof POINTS)[number];

export type Layout = NonNullable<NetworkInput['layout']>;
export type Template = ModelOf<'encoder'>['template'];

/** What the owner says of an encoder beside its preset; what is not given is the preset's. */
export interface ReadingOptions {
  readonly size?: number | undefined;
  readonly points?: Points | undefined;
  readonly colour?: 'rgb' | 'bgr' | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly scale?: number | undefined;
  readonly layout?: Layout | undefined;
  readonly output?: string | undefined;
}

/** How faces are brought into an encoder. value = (byte − mean) × scale. */
export interface Reading {
  readonly size: number;
  readonly points: Points;
  readonly colour: 'rgb' | 'bgr';
  readonly mean: readonly number[];
  readonly scale: number;
  /** Undefined: the graph's shape says it. */
  readonly layout: Layout | undefined;
  /** The output's name; undefined: the graph has one only. */
  readonly output: string | undefined;
  /** Numbers a face; undefined: whatever the graph gives. */
  readonly dimension: number | undefined;
}

type Known = Pick<Reading, 'size' | 'points' | 'colour' | 'mean' | 'scale'> & { readonly dimension: number };

const KNOWN: Readonly<Record<Exclude<Preset, 'custom'>, Known>> = {
  // OpenCV's face_recognize.cpp: blobFromImage of the aligned picture with scale 1, mean 0 and swapRB, so RGB from 0 to 255; the
  // file scales by itself. Its points are ArcFace's.
  sface: { size: 112, points: 'arcface', colour: 'rgb', mean: [0], scale: 1, dimension: 128 },
  // InsightFace's networks from PyTorch. Dividing by 128 in place of 127.5 makes no difference that could be measured.
  'arcface-112': { size: 112, points: 'arcface', colour: 'rgb', mean: [127.5], scale: 1 / 127.5, dimension: 512 },
  // FaceNet with fixed standardisation. Its own pictures are upright boxes of MTCNN with a margin, squashed to a square, which Kaimon
  // has not: faces are aligned by ArcFace's points instead, at about the same size.
  'facenet-160': { size: 160, points: 'arcface', colour: 'rgb', mean: [127.5], scale: 1 / 128, dimension: 512 },
};

/** The preset with what the owner said otherwise. @throws OperatingError KAIMON_ENCODER_GRAPH where `custom` lacks something */
export function readingOf(preset: Preset, options: ReadingOptions): Reading {
  const known = preset === 'custom' ? undefined : KNOWN[preset];
  const size = options.size ?? known?.size;
  const colour = options.colour ?? known?.colour;
  const mean = options.mean ?? known?.mean;
  const scale = options.scale ?? known?.scale;
  if (size === undefined || colour === undefined || mean === undefined || scale === undefined) {
    const lacking = Object.entries({ size, colour, mean, scale }).flatMap(([key, value]) =>
      value === undefined ? [`--${key}`] : [],
    );
    throw new OperatingError(
      'KAIMON_ENCODER_GRAPH',
      `--preset custom needs ${lacking.join(', ')} as well: whoever published the network says how its input is made`,
    );
  }
  const { layout, output } = options;
  const points = options.points ?? known?.points ?? 'arcface';
  return { size, points, colour, mean, scale, layout, output, dimension: known?.dimension };
}

/** Of a picture of 112 × 112: the eyes' centres, tip of the nose and corners of the mouth of ArcFace and SFace. */
const ARCFACE: readonly (readonly [number, number])[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];
/** Of a picture of 96 × 96: outer eye corners and nose base of OpenFace (align_dlib.py, OUTER_EYES_AND_NOSE). */
const OPENFACE: readonly (readonly [number, number])[] = [
  [18.639072, 16.249624],
  [75.73048, 15.18443],
  [47.515285, 49.38637],
];

/** Where the points of a face lie in a picture of the reading's size. */
export function templateOf({ points, size }: Pick<Reading, 'points' | 'size'>): Template {
  const scaled = (from: readonly (readonly [number, number])[], side: number): [number, number][] =>
    from.map(([x, y]) => [round((x * size) / side), round((y * size) / side)]);
  return points === 'openface'
    ? { name: `openface-${size}`, size, fit: 'affine', points: scaled(OPENFACE, 96) }
    : { name: `arcface-${size}`, size, fit: 'similarity', points: scaled(ARCFACE, 112) };
}

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

/** The input of a reading, as the eye makes it. */
export const inputOf = ({ size, colour, mean, scale }: Reading, layout: Layout): NetworkInput => ({
  width: size,
  height: size,
  colour,
  layout,
  mean: [...mean],
  scale,
});
