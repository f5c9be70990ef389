import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { Capture } from '../kit/opencv/capture.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import type { CameraSettings } from './camera-settings.js';
import type { Camera, Frame } from './frame.js';

/**
 * What is replayed, and how. `path`: a video file, or a folder of JPEG and PNG files taken in the order of their names.
 * `speed` real: at `fps` (a video: at its own), late frames are skipped; full: as fast as they are taken, none skipped.
 */
export type ReplayOptions = Pick<CameraSettings, 'speed' | 'loop' | 'fps'> & { readonly path: string };

/** A sequence of pictures that can start over. */
interface Reel {
  readonly fps: number;
  /** The next picture, or undefined after the last; `skip` moves on without decoding where that is possible. */
  next(): Promise<Picture | undefined>;
  skip(): Promise<boolean>;
  rewind(): Promise<void>;
  close(): Promise<void>;
}

const IMAGE = /\.(jpe?g|png)$/i;
/** A folder is listed once; more files than this are a mistake. */
const FILES_MAX = 200_000;

class FolderReel implements Reel {
  #at = 0;
  readonly #files: string[];
  readonly fps: number;

  constructor(folder: string, fps: number) {
    this.fps = fps;
    this.#files = readdirSync(folder)
      .filter((name) => IMAGE.test(name))
      .sort()
      .slice(0, FILES_MAX)
      .map((name) => join(folder, name));
    if (this.#files.length === 0) throw new Error(`${folder} holds no JPEG or PNG file`);
  }

  async next(): Promise<Picture | undefined> {
    const file = this.#files[this.#at++];
    return file === undefined ? undefined : (await decodePhoto(readFileSync(file))).picture;
  }

  async skip(): Promise<boolean> {
    return this.#at++ < this.#files.length;
  }

  async rewind(): Promise<void> {
    this.#at = 0;
  }

  async close(): Promise<void> {
    this.#at = this.#files.length;
  }
}

class VideoReel implements Reel {
  readonly #file: string;
  #capture: Capture;

  constructor(file: string) {
    this.#file = file;
    this.#capture = new Capture({ kind: 'file', path: file });
  }

  get fps(): number {
    return this.#capture.fps;
  }

  next(): Promise<Picture | undefined> {
    return this.#capture.read();
  }

  async skip(): Promise<boolean> {
    const picture = await this.#capture.read();
    picture?.release();
    return picture !== undefined;
  }

  async rewind(): Promise<void> {
    await this.#capture.release();
    this.#capture = new Capture({ kind: 'file', path: this.#file });
  }

  close(): Promise<void> {
    return this.#capture.release();
  }
}

/** A recorded camera: what a real one would have delivered, for demos, tests and evaluations. */
export class ReplayCamera implements Camera {
  readonly live = false;
  readonly #reel: Reel;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;
  readonly #startMs: number;
  #index = 0;
  /** Frames of this round; the first picture of a round must exist, or a loop would spin forever. */
  #ofRound = 0;
  #closed = false;

  /** @throws OperatingError when there is nothing to replay. */
  constructor(options: ReplayOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    try {
      this.#reel = statSync(options.path).isDirectory()
        ? new FolderReel(options.path, options.fps)
        : new VideoReel(options.path);
    } catch (cause) {
      throw new OperatingError(
        'KAIMON_CAMERA_OPEN',
        `cannot replay ${options.path}: give a video file or a folder of JPEG or PNG files`,
        { cause },
      );
    }
    this.#startMs = clock.monotonic();
  }

  async read(): Promise<Frame | undefined> {
    if (this.#closed) return undefined;
    if (this.#options.speed === 'real') await this.#keepPace();
    const picture = (await this.#reel.next()) ?? (await this.#again());
    if (!picture) return undefined;
    this.#ofRound += 1;
    return { picture, takenMs: this.#clock.monotonic(), index: this.#index++ };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reel.close();
  }

  async #again(): Promise<Picture | undefined> {
    if (!this.#options.loop || this.#ofRound === 0) return undefined;
    this.#ofRound = 0;
    await this.#reel.rewind();
    return this.#reel.next();
  }

  /** Waits until the next frame is due and skips frames that are overdue, as a real camera would. */
  async #keepPace(): Promise<void> {
    const spacingMs = 1000 / this.#reel.fps;
    const due = Math.floor((this.#clock.monotonic() - this.#startMs) / spacingMs);
    while (this.#index < due && (await this.#reel.skip())) {
      this.#index += 1;
      this.#ofRound += 1;
    }
    const waitMs = this.#startMs + this.#index * spacingMs - this.#clock.monotonic();
    if (waitMs > 0) await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
  }
}
