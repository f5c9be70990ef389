import { messageOf } from '../errors.js';
import { type Mat, native, opencv } from './binding.js';
import { fileRotation } from './file-rotation.js';
import { Picture } from './picture.js';
import type { Rotation } from './video-rotation.js';

export type CaptureSource =
  | {
      readonly kind: 'v4l2';
      readonly device: number | string;
      readonly width: number;
      readonly height: number;
      readonly fps: number;
      readonly mjpg: boolean;
    }
  | { readonly kind: 'gstreamer'; readonly pipeline: string }
  | { readonly kind: 'file'; readonly path: string };

/** OpenCV's number; the binding has no name for it. */
const CAP_PROP_ORIENTATION_AUTO = 49;

/** An open camera or video file; a file's frames come upright. */
export class Capture {
  readonly #capture: InstanceType<ReturnType<typeof opencv>['VideoCapture']>;
  readonly #rotation: Rotation;
  readonly fps: number;
  #reading: Promise<Mat> | undefined;

  /** @throws Error when it cannot be opened. */
  constructor(source: CaptureSource) {
    const cv = opencv();
    this.#rotation = source.kind === 'file' ? fileRotation(source.path) : 0;
    this.#capture = native('VideoCapture', () => {
      switch (source.kind) {
        case 'v4l2':
          return new cv.VideoCapture(source.device, cv.CAP_V4L2);
        case 'gstreamer':
          return new cv.VideoCapture(source.pipeline, cv.CAP_GSTREAMER);
        case 'file':
          return new cv.VideoCapture(source.path);
      }
    });
    if (source.kind === 'v4l2') this.#configure(source);
    // OpenCV 4.6 turns some files by itself, and some of them upside down. Off: fileRotation says how to turn them.
    if (source.kind === 'file') native('VideoCapture.set', () => this.#capture.set(CAP_PROP_ORIENTATION_AUTO, 0));
    const fps = this.#capture.get(cv.CAP_PROP_FPS);
    this.fps = Number.isFinite(fps) && fps > 0 && fps <= 240 ? fps : 15;
  }

  #configure(source: Extract<CaptureSource, { kind: 'v4l2' }>): void {
    const cv = opencv();
    // 'MJPG' as four little-endian characters: without it USB 2 cameras give only a few frames a second.
    if (source.mjpg) this.#capture.set(cv.CAP_PROP_FOURCC, 0x47504a4d);
    this.#capture.set(cv.CAP_PROP_FRAME_WIDTH, source.width);
    this.#capture.set(cv.CAP_PROP_FRAME_HEIGHT, source.height);
    this.#capture.set(cv.CAP_PROP_FPS, source.fps);
    this.#capture.set(cv.CAP_PROP_BUFFERSIZE, 1);
  }

  /** The next frame as BGR, or undefined at the end of a file or when the device delivers nothing (up to 10 s). */
  async read(): Promise<Picture | undefined> {
    let mat: Mat;
    try {
      this.#reading = this.#capture.readAsync();
      mat = await this.#reading;
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

  /** Frees the device once the current read has ended: releasing it while a thread reads is undefined behaviour in OpenCV. */
  async release(): Promise<void> {
    await this.#reading?.catch(() => undefined);
    native('VideoCapture.release', () => this.#capture.release());
  }
}
