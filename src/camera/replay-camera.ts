import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.js';
import { explain, OperatingError } from '../kit/errors.js';
import { readPlainFileSync } from '../kit/files/plain-file.js';
import { Capture } from '../kit/opencv/capture.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import { PHOTO_BYTES_MAX } from '../kit/pictures/picture-header.js';
import { PICTURE_NAME } from '../kit/pictures/picture-name.js';
import type { CameraSettings } from './camera-settings.js';
import type { Camera, Frame } from './frame.js';

/**
 * What is replayed, and how. `path`: a video file, or a folder of JPEG, PNG and WebP files taken in the order of their names.
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

/** A folder is listed once; more files than this are a mistake. */
const FILES_MAX = 200_000;
/** Of files that are no pictures so many are named. */
const NAMED_MAX = 5;

class FolderReel implements Reel {
  #at = 0;
  /** Of the files that are left; one that cannot be used is taken out when it is met. */
  readonly #files: string[];
  readonly #onSkipped: (why: string) => void;
  readonly #folder: string;
  readonly fps: number;

  constructor(folder: string, fps: number, onSkipped: (why: string) => void) {
    this.fps = fps;
    this.#folder = folder;
    this.#onSkipped = onSkipped;
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
    this.#files = names
      .filter((name) => PICTURE_NAME.test(name))
      .sort()
      .slice(0, FILES_MAX)
      .map((name) => join(folder, name));
    if (this.#files.length === 0) throw new Error(`${folder} holds no JPEG, PNG or WebP file`);
    const others = names.filter((name) => !PICTURE_NAME.test(name)).sort();
    const more = others.length > NAMED_MAX ? ` and ${others.length - NAMED_MAX} more` : '';
    if (others.length > 0)
      onSkipped(`${folder}: no pictures and left out: ${others.slice(0, NAMED_MAX).join(', ')}${more}`);
  }

  async next(): Promise<Picture | undefined> {
    for (;;) {
      const file = this.#files[this.#at];
      if (file === undefined) return undefined;
      const picture = await this.#picture(file);
      if (picture) {
        this.#at += 1;
        return picture;
      }
      this.#files.splice(this.#at, 1);
      if (this.#files.length === 0) throw new Error(`${this.#folder} holds no picture that can be used`);
    }
  }

  async #picture(file: string): Promise<Picture | undefined> {
    try {
      return (await decodePhoto(readPlainFileSync(file, PHOTO_BYTES_MAX))).picture;
    } catch (thrown) {
      this.#onSkipped(`${file} is left out: ${explain(thrown)}`);
      return undefined;
    }
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

  /** @param onSkipped told once of each file that is left out @throws OperatingError when there is nothing to replay. */
  constructor(options: ReplayOptions, clock: Clock, onSkipped: (why: string) => void = () => undefined) {
    this.#options = options;
    this.#clock = clock;
    try {
      const found = statSync(options.path);
      // A pipe or device would keep OpenCV waiting for ever.
      if (!found.isDirectory() && !found.isFile()) throw new Error('it is neither a folder nor a plain file');
      this.#reel = found.isDirectory()
        ? new FolderReel(options.path, options.fps, onSkipped)
        : new VideoReel(options.path);
    } catch (cause) {
      throw new OperatingError(
        'KAIMON_CAMERA_OPEN',
        `cannot replay ${options.path}: give a video file or a folder of JPEG, PNG or WebP files`,
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
