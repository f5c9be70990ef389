import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { decodePhoto, UnusablePhoto } from '../kit/opencv/codec.js';
import type { CameraSettings } from './camera-settings.js';
import type { Camera, Frame } from './frame.js';
import { MjpegSplitter } from './mjpeg-splitter.js';

/** `programs`: names to try in this order; Raspberry Pi OS called it libcamera-vid before Bookworm. */
export type RpicamOptions = Pick<CameraSettings, 'width' | 'height' | 'fps'> & { readonly programs: readonly string[] };

export const RPICAM_PROGRAMS = ['rpicam-vid', 'libcamera-vid'] as const;

const STDERR_KEPT = 500;

/** A Raspberry Pi CSI camera: `rpicam-vid` writes JPEGs into a pipe, the newest one is kept and decoded when asked for. */
export class RpicamCamera implements Camera {
  readonly live = true;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #clock: Clock;
  readonly #splitter = new MjpegSplitter();
  #newest: { jpeg: Buffer; takenMs: ReturnType<Clock['monotonic']>; index: number } | undefined;
  #count = 0;
  #fault: Error | undefined;
  #stderr = '';
  #wake: (() => void) | undefined;

  private constructor(child: ChildProcessByStdio<null, Readable, Readable>, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    child.on('error', (cause) => this.#fail(new Error('the camera program failed', { cause })));
    child.on('exit', (code, signal) => {
      const last = this.#stderr.trim().split('\n').at(-1) ?? '';
      this.#fail(new Error(`the camera program ended (${signal ?? `exit ${code}`}): ${last}`));
    });
  }

  /** @throws OperatingError when none of the programs exists. */
  static async open(options: RpicamOptions, clock: Clock): Promise<RpicamCamera> {
    const args = ['--codec', 'mjpeg', '--nopreview', '--timeout', '0', '--flush', '--quality', '80'];
    args.push('--width', String(options.width), '--height', String(options.height));
    args.push('--framerate', String(options.fps), '--output', '-');
    for (const program of options.programs) {
      const child = await started(program, args);
      if (child) return new RpicamCamera(child, clock);
    }
    throw new OperatingError(
      'KAIMON_CAMERA_OPEN',
      `none of ${options.programs.join(', ')} can be run: install rpicam-apps, or set camera.kind to device`,
    );
  }

  async read(): Promise<Frame | undefined> {
    while (!this.#newest) {
      if (this.#fault) throw this.#fault;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { jpeg, takenMs, index } = this.#newest;
    this.#newest = undefined;
    try {
      const { picture } = await decodePhoto(jpeg);
      return { picture, takenMs, index };
    } catch (thrown) {
      // One broken JPEG in a stream is a lost frame, not a lost camera.
      if (thrown instanceof UnusablePhoto) return this.read();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    this.#fault ??= new Error('the camera was closed');
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    this.#child.stdout.destroy();
    // A picture that came before and was not read yet is delivered no more.
    this.#newest = undefined;
    this.#wake?.();
  }

  #take(chunk: Buffer): void {
    try {
      for (const jpeg of this.#splitter.feed(chunk))
        this.#newest = { jpeg, takenMs: this.#clock.monotonic(), index: this.#count++ };
    } catch (thrown) {
      this.#fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    if (this.#newest) this.#wake?.();
  }

  #fail(fault: Error): void {
    this.#fault ??= fault;
    this.#child.kill('SIGKILL');
    this.#wake?.();
  }
}

function started(program: string, args: string[]): Promise<ChildProcessByStdio<null, Readable, Readable> | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.once('spawn', () => resolve(child));
    // Not found or not executable: the next program is tried, and the last failure is reported by the caller.
    child.once('error', () => resolve(undefined));
  });
}
