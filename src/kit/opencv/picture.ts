import { type Mat, native, opencv } from './binding.js';

/** A whole-pixel rectangle inside a picture. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** 2×3 affine matrix [a, b, tx, c, d, ty]: x' = a·x + b·y + tx, y' = c·x + d·y + ty. */
export type Affine = readonly [number, number, number, number, number, number];

/** Largest side of any picture in memory; anything larger is a mistake or an attack. */
export const SIDE_MAX = 16_384;

function checkSide(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > SIDE_MAX)
    throw new RangeError(`${name} is ${value}, allowed are whole numbers 1…${SIDE_MAX}`);
}

/** The whole-pixel part of a box that lies inside width × height; undefined when nothing does. */
export function clampRegion(box: Region, width: number, height: number): Region | undefined {
  const x = Math.max(0, Math.floor(box.x));
  const y = Math.max(0, Math.floor(box.y));
  const right = Math.min(width, Math.ceil(box.x + box.width));
  const bottom = Math.min(height, Math.ceil(box.y + box.height));
  if (!(right > x && bottom > y)) return undefined;
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * An 8-bit picture in native memory, BGR (3 channels) or grey (1). Free it with {@link release} as soon as it is no longer
 * needed: the garbage collector does not see native memory. Every method that returns a Picture makes a new one.
 */
export class Picture {
  readonly #mat: Mat;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;

  /** @throws RangeError when the matrix is empty, too large, or not 8-bit with 1 or 3 channels. */
  constructor(mat: Mat) {
    const { CV_8UC1, CV_8UC3 } = opencv();
    if (mat.empty) throw new RangeError('the picture is empty');
    if (mat.type !== CV_8UC1 && mat.type !== CV_8UC3) throw new RangeError('the picture is not 8-bit grey or BGR');
    checkSide('width', mat.cols);
    checkSide('height', mat.rows);
    this.#mat = mat;
    this.width = mat.cols;
    this.height = mat.rows;
    this.channels = mat.type === CV_8UC3 ? 3 : 1;
  }

  /** From packed bytes, row by row. @throws RangeError when the length is not width × height × channels. */
  static fromBytes(bytes: Buffer, width: number, height: number, channels: 1 | 3): Picture {
    checkSide('width', width);
    checkSide('height', height);
    // A short buffer would be read past its end.
    if (bytes.length !== width * height * channels)
      throw new RangeError(`${bytes.length} bytes given, ${width}×${height}×${channels} needed`);
    const { Mat, CV_8UC1, CV_8UC3 } = opencv();
    return new Picture(native('Mat', () => new Mat(bytes, height, width, channels === 3 ? CV_8UC3 : CV_8UC1)));
  }

  /** For this folder only: the native matrix. */
  get mat(): Mat {
    return this.#mat;
  }

  get fullRegion(): Region {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }

  grey(): Picture {
    if (this.channels === 1) return new Picture(native('copy', () => this.#mat.copy()));
    return new Picture(native('bgrToGray', () => this.#mat.bgrToGray()));
  }

  bgr(): Picture {
    if (this.channels === 3) return new Picture(native('copy', () => this.#mat.copy()));
    return new Picture(native('cvtColor', () => this.#mat.cvtColor(opencv().COLOR_GRAY2BGR)));
  }

  /** Scales to exactly width × height; area averaging when shrinking, bilinear when enlarging. */
  resize(width: number, height: number, method: 'auto' | 'linear' | 'area' = 'auto'): Picture {
    checkSide('width', width);
    checkSide('height', height);
    const { INTER_AREA, INTER_LINEAR } = opencv();
    const shrinks = width < this.width || height < this.height;
    const area = method === 'area' || (method === 'auto' && shrinks);
    return new Picture(native('resize', () => this.#mat.resize(height, width, 0, 0, area ? INTER_AREA : INTER_LINEAR)));
  }

  /** Turned clockwise by so many degrees. */
  rotate(degrees: 90 | 180 | 270): Picture {
    const { ROTATE_90_CLOCKWISE, ROTATE_180, ROTATE_90_COUNTERCLOCKWISE } = opencv();
    const code = { 90: ROTATE_90_CLOCKWISE, 180: ROTATE_180, 270: ROTATE_90_COUNTERCLOCKWISE }[degrees];
    return new Picture(native('rotate', () => this.#mat.rotate(code)));
  }

  /** Left and right exchanged. */
  mirror(): Picture {
    return this.warp([-1, 0, this.width - 1, 0, 1, 0], this.width, this.height);
  }

  /** A copy of the region. @throws RangeError when it is not wholly inside (see {@link clampRegion}). */
  crop(region: Region): Picture {
    const { x, y, width, height } = region;
    if (![x, y, width, height].every(Number.isInteger) || x < 0 || y < 0 || width < 1 || height < 1)
      throw new RangeError(`region ${x},${y} ${width}×${height} is not a whole-pixel rectangle`);
    if (x + width > this.width || y + height > this.height)
      throw new RangeError(`region ${x},${y} ${width}×${height} leaves the ${this.width}×${this.height} picture`);
    const { Rect } = opencv();
    return new Picture(native('getRegion', () => this.#mat.getRegion(new Rect(x, y, width, height)).copy()));
  }

  /** Bilinear warp into a width × height picture, black outside; `matrix` maps points of this picture to the result. */
  warp(matrix: Affine, width: number, height: number): Picture {
    checkSide('width', width);
    checkSide('height', height);
    if (!matrix.every(Number.isFinite)) throw new RangeError('the warp matrix is not finite');
    const { Mat, Size, CV_64F } = opencv();
    const [a, b, tx, c, d, ty] = matrix;
    const native2x3 = native(
      'Mat',
      () =>
        new Mat(
          [
            [a, b, tx],
            [c, d, ty],
          ],
          CV_64F,
        ),
    );
    try {
      return new Picture(native('warpAffine', () => this.#mat.warpAffine(native2x3, new Size(width, height))));
    } finally {
      native2x3.release();
    }
  }

  /** Packed bytes, row by row: a copy. */
  bytes(): Buffer {
    return native('getData', () => this.#mat.getData());
  }

  release(): void {
    this.#mat.release();
  }
}
