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
  /** Without a frame for this long the camera is closed and opened again. */
  readonly stallMs: number;
  readonly retry: RetryPlan;
  readonly random: () => number;
  readonly onState: (state: CameraState) => void;
}

/** After this many frames a camera counts as working: its next fault starts with the shortest pause. */
const FRAMES_OF_A_WORKING_CAMERA = 50;

/**
 * Keeps a camera open until it is stopped, and its newest frame ready: one frame is kept, an older one is dropped.
 * A camera that fails or stalls is closed and opened again after growing pauses.
 */
export class NewestFrame {
  readonly #open: OpenCamera;
  readonly #clock: Clock;
  readonly #options: NewestFrameOptions;
  #frame: Frame | undefined;
  /** `#base` is added to the frame numbers of the open camera, `#next` is the number after the newest frame. */
  #base = 0;
  #next = 0;
  #wake: (() => void) | undefined;
  #taken: (() => void) | undefined;
  #live = false;
  #stopped = false;
  #ended = false;
  /**
   * Ends the wait in progress. A function and not one promise for the whole lifetime: each wait would leave a reaction
   * on that promise, and memory would grow.
   */
  #giveUp: (() => void) | undefined;
  /** Why the open camera was given up, if so; not because it stalled. */
  #whyGivenUp: string | undefined;
  /** Frames from the camera that is open now. */
  #frames = 0;
  #openings = 0;
  readonly #running: Promise<void>;

  constructor(open: OpenCamera, clock: Clock, options: NewestFrameOptions) {
    this.#open = open;
    this.#clock = clock;
    this.#options = options;
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

  /** Whether the camera delivers. */
  get live(): boolean {
    return this.#live;
  }

  /** How often the camera has been opened, or was tried to be. */
  get openings(): number {
    return this.#openings;
  }

  /** Closes a live camera and opens it again after a pause. @param why for the state */
  reopen(why: string): void {
    if (!this.#live) return;
    this.#whyGivenUp = why;
    this.#giveUp?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#giveUp?.();
    this.#wake?.();
    this.#taken?.();
    await this.#running;
    this.#frame?.picture.release();
    this.#frame = undefined;
  }

  #enter(state: CameraState): void {
    this.#live = state.state === 'live';
    this.#options.onState(state);
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stopped) {
      this.#enter({ state: 'opening', attempt });
      this.#frames = 0;
      this.#openings += 1;
      this.#whyGivenUp = undefined;
      this.#base = this.#next;
      let why = '';
      try {
        const camera = await this.#open();
        try {
          await this.#readAll(camera);
          if (!this.#stopped) why = this.#whyGivenUp ?? 'the camera stopped delivering frames';
        } finally {
          await camera.close();
        }
        if (this.#ended) break;
      } catch (thrown) {
        why = explain(thrown);
      }
      if (this.#stopped) break;
      attempt = this.#frames >= FRAMES_OF_A_WORKING_CAMERA ? 0 : attempt;
      const retryMs = pauseMs(this.#options.retry, attempt, this.#options.random());
      attempt += 1;
      this.#enter({ state: 'waiting', attempt, retryMs, why });
      await this.#pause(retryMs);
    }
    this.#ended = true;
    this.#enter({ state: 'ended' });
    this.#wake?.();
  }

  /** Reads until the camera stalls or stops delivering; sets `#ended` at the end of a source. */
  async #readAll(camera: Camera): Promise<void> {
    for (;;) {
      const read = camera.read();
      const frame = await this.#orStall(read);
      if (frame === 'stalled' || this.#stopped) {
        // The read may finish later: its picture must not leak, and its error no longer matters.
        read.then((late) => late?.picture.release()).catch(() => undefined);
        return;
      }
      if (!frame) {
        if (!camera.live) this.#ended = true;
        return;
      }
      if (this.#frames === 0) this.#enter({ state: 'live' });
      this.#frames += 1;
      this.#frame?.picture.release();
      // Numbers keep growing when a camera is opened again: face tracks tell newer from older frames by them.
      this.#frame = { ...frame, index: this.#base + frame.index };
      this.#next = this.#frame.index + 1;
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
      this.#giveUp = () => resolve('stalled');
      timer = this.#clock.after(this.#options.stallMs, this.#giveUp);
    });
    if (this.#stopped || this.#whyGivenUp !== undefined) this.#giveUp?.();
    try {
      return await Promise.race([read, stall]);
    } finally {
      timer?.cancel();
    }
  }

  async #pause(ms: number): Promise<void> {
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#giveUp = resolve;
      timer = this.#clock.after(ms, resolve);
    });
    timer?.cancel();
  }
}
