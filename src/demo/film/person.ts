// pure
import type { Affine } from '../../kit/opencv/picture.js';
import { eyelids } from './eyelids.js';
import { faceDepth, fromMiddle, type HeadPoint } from './face-depth.js';
import { cellsOf, type Mesh } from './mesh.js';
import type { Turn } from './movement.js';
import { ramp } from './ramp.js';
import { type Canvas, FOCAL_PX, type Place, seen, turned } from './space.js';

/** Where a face stands in the frame: its middle, and its height from brow to chin, pixels. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** How a person is at one moment. */
export interface Posture {
  readonly standing: Placement;
  readonly turn: Turn;
  /** 0 open to 1 closed. */
  readonly lids: number;
}

/** A person of flesh: a photo laid over the shape of a head, in front of the rest of the photo, which stays where it is. */
export interface Person {
  /** Farthest first. */
  readonly cells: readonly number[];
  at(posture: Posture): Mesh;
}

/** A head turns on its neck: below the face, and behind it. */
const NECK: Place = [0, 0.75, -0.45];

/** Distance of the mesh's lines: close over the face, where lids and nose are, wide elsewhere. */
const LINES = { close: 1 / 44, wide: 1 / 8, closeTo: 0.62 } as const;

/** Beyond the frame the mesh goes on, heights of the face: a body moves into the picture, too. */
const MARGIN = 0.7;

/**
 * @param landmarks 68, of the upright photo. @param toTexture from places of the head to pixels of the photo
 * @param rest where the photo shows the person as it was taken
 */
export function personOf(landmarks: readonly HeadPoint[], toTexture: Affine, rest: Placement, canvas: Canvas): Person {
  const across = linesBetween(-rest.x / rest.height - MARGIN, (canvas.width - rest.x) / rest.height + MARGIN);
  const down = linesBetween(-rest.y / rest.height - MARGIN, (canvas.height - rest.y) / rest.height + MARGIN);
  const [columns, rows] = [across.length, down.length];
  const depth = faceDepth(landmarks);
  const lowered = eyelids(landmarks);
  const points = down.flatMap((y) =>
    across.map((x) => ({
      x,
      y,
      z: depth(x, y),
      lid: lowered(x, y, 1),
      head: headShare(x, y),
      person: personShare(x, y),
      photographed: [rest.x + x * rest.height, rest.y + y * rest.height] as const,
    })),
  );
  const [a, b, c, d, e, f] = toTexture;
  const u = Float64Array.from(points, ({ x, y }) => a * x + b * y + c);
  const v = Float64Array.from(points, ({ x, y }) => d * x + e * y + f);
  const nearness = points.map(({ z, person }) => z + 10 * person);
  const cells = cellsOf({ columns, rows }).sort((i, k) => (nearness[i] as number) - (nearness[k] as number));
  return {
    cells,
    at({ standing, turn, lids }) {
      const [px, py] = [new Float64Array(points.length), new Float64Array(points.length)];
      points.forEach(({ x, y, z, lid, head, person, photographed: [restX, restY] }, i) => {
        [px[i], py[i]] = [restX, restY];
        if (person === 0) return;
        const place = headTurned(onRay([x, y + lid * lids, z], rest), turn, head);
        const [nowX, nowY] = stands(place, standing, canvas);
        px[i] = restX + person * (nowX - restX);
        py[i] = restY + person * (nowY - restY);
      });
      return { columns, rows, x: px, y: py, u, v };
    },
  };
}

/** The lines of a mesh from `low` to `high`, closer around the face. */
function linesBetween(low: number, high: number): number[] {
  const lines: number[] = [];
  for (let at = low; at < high; at += Math.abs(at) < LINES.closeTo ? LINES.close : LINES.wide) lines.push(at);
  return [...lines, high];
}

/** The place that the photo shows at (x, y) if it is z nearer than the face's plane: on the same ray of the camera. */
function onRay([x, y, z]: Place, { height }: Placement): Place {
  const distance = FOCAL_PX / height;
  const share = (distance - z) / distance;
  return [x * share, y * share, z];
}

/** @param share of the turn that this place takes part in: the neck gives */
function headTurned([x, y, z]: Place, { yaw, pitch, roll }: Turn, share: number): Place {
  if (share === 0) return [x, y, z];
  const own = { yaw: yaw * share, pitch: pitch * share, roll: roll * share };
  const [tx, ty, tz] = turned([x - NECK[0], y - NECK[1], z - NECK[2]], own);
  return [tx + NECK[0], ty + NECK[1], tz + NECK[2]];
}

/** Where the camera sees a place of somebody who stands there. */
export function stands([x, y, z]: Place, standing: Placement, canvas: Canvas): readonly [number, number] {
  const away: Place = [
    x + (standing.x - canvas.width / 2) / standing.height,
    y + (standing.y - canvas.height / 2) / standing.height,
    z,
  ];
  return seen(away, FOCAL_PX / standing.height, canvas);
}

/** How much a place belongs to the head, 0–1: not the neck, not what is behind. */
export const headShare = (x: number, y: number): number =>
  (1 - ramp(fromMiddle(x, y), 1, 1.5)) * (1 - ramp(y, 0.55, 1.15));

/** How much a place belongs to the person, 0–1, head and shoulders; between 0 and 1 the photo gives way like rubber. */
export function personShare(x: number, y: number): number {
  const head = 1 - ramp(fromMiddle(x, y), 1, 1.7);
  const shoulders = 0.5 + 0.8 * ramp(y, 0.5, 1.3);
  const body = (1 - ramp(Math.abs(x), shoulders, shoulders + 0.7)) * ramp(y, 0.1, 0.8);
  return Math.max(head, body);
}
