import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { Capture, type CaptureSource } from '../kit/opencv/capture.js';
import type { Camera, Frame } from './frame.js';

/** A V4L2 device or a GStreamer pipeline (CSI cameras of Jetson and Pi) through OpenCV. */
export class OpenCvCamera implements Camera {
  readonly live = true;
  readonly #capture: Capture;
  readonly #clock: Clock;
  #index = 0;
  #closed = false;

  /** @throws OperatingError when the device is missing, busy or not allowed. */
  constructor(source: Exclude<CaptureSource, { kind: 'file' }>, clock: Clock) {
    this.#clock = clock;
    try {
      this.#capture = new Capture(source);
    } catch (cause) {
      const [what, advice] =
        source.kind === 'v4l2'
          ? [`the camera ${source.device}`, 'is it plugged in, unused by others, and is the user in group video?']
          : [`the camera pipeline "${source.pipeline}"`, 'try it with gst-launch-1.0 and fakesink'];
      throw new OperatingError('KAIMON_CAMERA_OPEN', 'environment', `cannot open ${what}: ${advice}`, { cause });
    }
  }

  async read(): Promise<Frame | undefined> {
    if (this.#closed) return undefined;
    const picture = await this.#capture.read();
    return picture && { picture, takenMs: this.#clock.monotonic(), index: this.#index++ };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#capture.release();
  }
}
