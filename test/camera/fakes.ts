import type { Camera, Frame, OpenCamera } from '../../src/camera/frame.js';
import type { CameraState } from '../../src/camera/newest-frame.js';
import { NewestFrame } from '../../src/camera/newest-frame.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import type { Picture } from '../../src/kit/opencv/picture.js';

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** A camera driven by the test: pictures come when the test delivers them. */
export class FakeCamera implements Camera {
  readonly live: boolean;
  closed = 0;
  reads = 0;
  #waiting: { resolve: (frame: Frame | undefined) => void; reject: (why: Error) => void } | undefined;
  readonly #stage: Stage;

  constructor(stage: Stage, live = true) {
    this.#stage = stage;
    this.live = live;
  }

  read(): Promise<Frame | undefined> {
    this.reads += 1;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  async deliver(): Promise<number> {
    const frame = this.#stage.frame();
    this.#waiting?.resolve(frame);
    await settle();
    return frame.index;
  }

  async end(): Promise<void> {
    this.#waiting?.resolve(undefined);
    await settle();
  }

  async fail(why: string): Promise<void> {
    this.#waiting?.reject(new Error(why));
    await settle();
  }
}

/** A NewestFrame over fake cameras: what was opened, told and released. */
export class Stage {
  readonly clock = new ManualClock();
  readonly cameras: FakeCamera[] = [];
  readonly states: CameraState[] = [];
  readonly released: number[] = [];
  readonly newest: NewestFrame;
  /** Set: the next openings fail with this. */
  openFault: string | undefined;
  #frames = 0;

  constructor(live = true, openFault?: string) {
    this.openFault = openFault;
    const open: OpenCamera = async () => {
      if (this.openFault !== undefined) throw new Error(this.openFault);
      const camera = new FakeCamera(this, live);
      this.cameras.push(camera);
      return camera;
    };
    this.newest = new NewestFrame(open, this.clock, {
      stallMs: 5000,
      retry: { firstMs: 500, factor: 2, maxMs: 4000, jitter: 0 },
      random: () => 0,
      onState: (state) => this.states.push(state),
    });
  }

  get camera(): FakeCamera {
    return this.cameras.at(-1) as FakeCamera;
  }

  /** Made so far. */
  get frames(): number {
    return this.#frames;
  }

  frame(): Frame {
    const index = this.#frames++;
    // Only what NewestFrame touches: a picture is something to be released.
    const picture = { release: () => this.released.push(index) } as unknown as Picture;
    return { picture, takenMs: monotonicMs(this.clock.monotonic()), index };
  }

  /** The next camera's frames are numbered from here on. */
  countFrom(index: number): void {
    this.#frames = index;
  }

  /** The pauses before the cameras were opened again. */
  get pauses(): number[] {
    return this.states.flatMap((state) => (state.state === 'waiting' ? [state.retryMs] : []));
  }

  async pass(ms: number): Promise<void> {
    await settle();
    this.clock.advance(ms);
    await settle();
  }
}
