import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LandmarkNetwork } from '../face/landmark-network.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Affine, Picture } from '../kit/opencv/picture.js';
import type { HeadPoint } from './film/face-depth.js';
import type { Texture } from './film/mesh.js';
import type { Likeness } from './people.js';

/** A likeness, ready to be laid over a shape. */
export interface Portrait {
  /** 68, of the upright head. */
  readonly landmarks: readonly HeadPoint[];
  readonly texture: Texture;
  /** From places of the head to pixels of the texture. */
  readonly toTexture: Affine;
}

/** Landmarks are searched on a face of this height. */
const SEARCH_PX = 200;
/** The detector's box around a face, in heights from brow to chin. */
const BOX = { width: 0.74, height: 1.05 } as const;

/** From places of the head (see film/face-depth.ts) to pixels of the photo, which is `scale` of its size. */
export function toPhoto({ centre: [x, y], height, turn }: Likeness, scale = 1): Affine {
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [scale * height * Math.cos(angle), scale * height * Math.sin(angle)];
  return [cos, -sin, x * scale, sin, cos, y * scale];
}

/** The sample photos, each decoded once. */
export class SamplePhotos {
  readonly #folder: string;
  readonly #network: LandmarkNetwork;
  readonly #photos = new Map<string, Picture>();

  constructor(folder: string, network: LandmarkNetwork) {
    this.#folder = folder;
    this.#network = network;
  }

  /** @param tallest height of the face in the frame, pixels: the texture is not made finer */
  async portrait(likeness: Likeness, tallest: number): Promise<Portrait> {
    const photo = await this.#photo(likeness.photo);
    const scale = Math.min(1, tallest / likeness.height);
    const [width, height] = [Math.round(photo.width * scale), Math.round(photo.height * scale)];
    const small = photo.resize(width, height);
    const texture = { pixels: small.bytes(), width, height };
    small.release();
    return { landmarks: await this.#landmarks(photo, likeness), texture, toTexture: toPhoto(likeness, scale) };
  }

  async #photo(name: string): Promise<Picture> {
    const known = this.#photos.get(name);
    if (known) return known;
    const { picture } = await decodePhoto(readFileSync(join(this.#folder, name)));
    this.#photos.set(name, picture);
    return picture;
  }

  async #landmarks(photo: Picture, { centre: [x, y], height, turn }: Likeness): Promise<HeadPoint[]> {
    const [middle, zoom, angle] = [SEARCH_PX, SEARCH_PX / height, (-turn * Math.PI) / 180];
    const [cos, sin] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
    const upright: Affine = [cos, -sin, middle - cos * x + sin * y, sin, cos, middle - sin * x - cos * y];
    const picture = photo.warp(upright, 2 * SEARCH_PX, 2 * SEARCH_PX);
    try {
      const [w, h] = [BOX.width * SEARCH_PX, BOX.height * SEARCH_PX];
      const box = { x: middle - w / 2, y: middle - h / 2, width: w, height: h };
      const found = await this.#network.find({ picture, x: 0, y: 0, scale: 1 }, box);
      return found.map(([px, py]): HeadPoint => [(px - middle) / SEARCH_PX, (py - middle) / SEARCH_PX]);
    } finally {
      picture.release();
    }
  }
}
