import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf } from '../errors.js';
import { type Mat, native, opencv } from './binding.js';
import { Picture } from './picture.js';
import { type Rotation, videoRotation } from './video-rotation.js';

/** Larger files are read as if they had no rotation. */
const HEADER_BYTES_MAX = 256 * 1024 * 1024;

/** A video file, read frame by frame, upright. */
export class VideoFile {
  readonly #capture: InstanceType<ReturnType<typeof opencv>['VideoCapture']>;
  readonly #rotation: Rotation;
  readonly fps: number;

  /** @throws Error when it cannot be read or opened. */
  constructor(path: string) {
    const cv = opencv();
    this.#rotation = rotationOf(path);
    this.#capture = native('VideoCapture', () => new cv.VideoCapture(path));
    native('VideoCapture.set', () => this.#capture.set(CAP_PROP_ORIENTATION_AUTO, 0));
    const fps = this.#capture.get(cv.CAP_PROP_FPS);
    this.fps = Number.isFinite(fps) && fps > 0 && fps <= 240 ? fps : 15;
  }

  /** The next frame as BGR; undefined at the end. */
  async read(): Promise<Picture | undefined> {
    let mat: Mat;
    try {
      mat = await this.#capture.readAsync();
    } catch (thrown) {
      throw new Error(`OpenCV read failed: ${messageOf(thrown)}`, { cause: thrown });
    }
    if (mat.empty) return undefined;
    const picture = new Picture(mat);
    const turned = this.#rotation === 0 ? picture : picture.rotate(this.#rotation);
    const bgr = turned.channels === 3 ? turned : turned.bgr();
    for (const other of new Set([picture, turned])) if (other !== bgr) other.release();
    return bgr;
  }

  release(): void {
    native('VideoCapture.release', () => this.#capture.release());
  }
}

/** The binding does not name it. */
const CAP_PROP_ORIENTATION_AUTO = 49;

function rotationOf(path: string): Rotation {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > HEADER_BYTES_MAX) return 0;
    const bytes = Buffer.alloc(size);
    return videoRotation(bytes.subarray(0, readSync(file, bytes, 0, size, 0)));
  } finally {
    closeSync(file);
  }
}
