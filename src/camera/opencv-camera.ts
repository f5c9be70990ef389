import type { Clock } from '../kit/clock.js';
import { OperatingError } from '../kit/errors.js';
import { Capture, type CaptureSource } from '../kit/opencv/capture.js';
import type { Camera, Frame } from './frame.js';
import { pipelineName } from './pipeline-name.js';

/** V4L2 gives up a read after 10 s by itself. */
const READ_MAX_MS = 15_000;

/** A V4L2 device or a GStreamer pipeline (CSI cameras of Jetson and Pi) through OpenCV. */
export class OpenCvCamera implements Camera {
  readonly live = true;
  readonly #capture: Capture;
  readonly #clock: Clock;
  readonly #onHung: (fault: OperatingError) => void;
  #index = 0;
  #closed = false;

  /**
   * @param onHung called when a read does not return even after closing: only a new process frees the device
   * @throws OperatingError when the device is missing, busy or not allowed
   */
  constructor(source: Exclude<CaptureSource, { kind: 'file' }>, clock: Clock, onHung: (fault: OperatingError) => void) {
    this.#clock = clock;
    this.#onHung = onHung;
    try {
      this.#capture = new Capture(source);
    } catch (cause) {
      const [what, advice] =
        source.kind === 'v4l2'
          ? [`the camera ${source.device}`, 'is it plugged in, unused by others, and is the user in group video?']
          : [`the camera pipeline "${pipelineName(source.pipeline)}"`, 'try it with gst-launch-1.0 and fakesink'];
      throw new OperatingError('KAIMON_CAMERA_OPEN', `cannot open ${what}: ${advice}`, { cause });
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
    const timer = this.#clock.after(READ_MAX_MS, () => {
      const text = `the camera has not returned from a read for ${READ_MAX_MS / 1000} s`;
      this.#onHung(new OperatingError('KAIMON_CAMERA_HUNG', text));
    });
    try {
      await this.#capture.release();
    } finally {
      timer.cancel();
    }
  }
}
