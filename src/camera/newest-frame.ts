import type { Clock, Timer } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { pauseMs, type RetryPlan } from '../kit/retry.js';
import type { Camera, Frame, OpenCamera } from './frame.js';

/** What the camera is doing, for state and log. */
export type CameraState =
  | { readonly state: 'opening'; readonly attempt: number }
  | { readonly state: 'live' }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryMs: number; readonly why: string }
  | { readonly state: 'ended' };

export interface NewestFrameOptions {
  /** No frame for so long: the camera is closed and opened again. */
  readonly stallMs: number;
  readonly retry: RetryPlan;
  readonly random: () => number;
  readonly onState: (state: CameraState) => void;
}

/** A camera that delivered this many frames was well: the next fault starts with the shortest pause. */
const FRAMES_OF_A_WELL_CAMERA = 50;

/**
 * Keeps a camera open for ever and its newest frame at hand: one frame is kept, an older one is dropped.
 * A camera that fails or falls silent is closed and reopened with growing pauses.
 */
export class NewestFrame {
  readonly #open: OpenCamera;
  readonly #clock: Clock;
  readonly #options: NewestFrameOptions;
  #frame: Frame | undefined;
  #wake: (() => void) | undefined;
  #taken: (() => void) | undefined;
  #stopped = false;
  #ended = false;
  #stopSignal: () => void = () => undefined;
  readonly #stopping: Promise<void>;
  readonly #running: Promise<void>;

  constructor(open: OpenCamera, clock: Clock, options: NewestFrameOptions) {
    this.#open = open;
    this.#clock = clock;
    this.#options = options;
    this.#stopping = new Promise((resolve) => {
      this.#stopSignal = resolve;
    });
    this.#running = this.#run();
  }

  /** Waits for a frame that was not handed out yet; undefined when the source has ended or was stopped. */
  async next(): Promise<Frame | undefined> {
    while (!this.#frame && !this.#ended && !this.#stopped)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const frame = this.#frame;
    this.#frame = undefined;
    this.#taken?.();
    return frame;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopSignal();
    this.#wake?.();
    this.#taken?.();
    await this.#running;
    this.#frame?.picture.release();
    this.#frame = undefined;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stopped) {
      this.#options.onState({ state: 'opening', attempt });
      let frames = 0;
      let why = '';
      try {
        const camera = await this.#open();
        try {
          frames = await this.#readAll(camera);
          if (!this.#stopped) why = 'the camera stopped delivering frames';
        } finally {
          await camera.close();
        }
        if (this.#ended) break;
      } catch (thrown) {
        why = explain(thrown);
      }
      if (this.#stopped) break;
      attempt = frames >= FRAMES_OF_A_WELL_CAMERA ? 0 : attempt;
      const retryMs = pauseMs(this.#options.retry, attempt, this.#options.random());
      attempt += 1;
      this.#options.onState({ state: 'waiting', attempt, retryMs, why });
      await this.#pause(retryMs);
    }
    this.#ended = true;
    this.#options.onState({ state: 'ended' });
    this.#wake?.();
  }

  /** @returns frames delivered until the camera stalled; sets `#ended` at the end of a source. */
  async #readAll(camera: Camera): Promise<number> {
    for (let frames = 0; ; frames++) {
      const read = camera.read();
      const frame = await this.#orStall(read);
      if (frame === 'stalled' || this.#stopped) {
        // The read may finish later: its picture must not leak, its failure is that of a camera already given up.
        read.then((late) => late?.picture.release()).catch(() => undefined);
        return frames;
      }
      if (!frame) {
        if (!camera.live) this.#ended = true;
        return frames;
      }
      if (frames === 0) this.#options.onState({ state: 'live' });
      this.#frame?.picture.release();
      this.#frame = frame;
      this.#wake?.();
      if (!camera.live) await this.#untilTaken();
    }
  }

  async #untilTaken(): Promise<void> {
    while (this.#frame && !this.#stopped)
      await new Promise<void>((resolve) => {
        this.#taken = resolve;
      });
  }

  async #orStall(read: Promise<Frame | undefined>): Promise<Frame | undefined | 'stalled'> {
    let timer: Timer | undefined;
    const stall = new Promise<'stalled'>((resolve) => {
      timer = this.#clock.after(this.#options.stallMs, () => resolve('stalled'));
    });
    try {
      return await Promise.race([read, stall, this.#stopping.then(() => 'stalled' as const)]);
    } finally {
      timer?.cancel();
    }
  }

  async #pause(ms: number): Promise<void> {
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      timer = this.#clock.after(ms, resolve);
    });
    await Promise.race([over, this.#stopping]);
    timer?.cancel();
  }
}
