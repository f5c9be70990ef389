import { beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import type { NewestFrame } from '../../src/camera/newest-frame.js';
import { FAULT_AFTER_MS } from '../../src/camera/picture-fault.js';
import { PictureWatch } from '../../src/camera/picture-watch.js';
import type { FromEye } from '../../src/eye/protocol.js';
import { EyeWorker } from '../../src/eye/worker.js';
import type { Watched, Watcher } from '../../src/face/following/attention.js';
import type { Measured, Meter } from '../../src/face/measure.js';
import type { MonotonicMs } from '../../src/kit/clock.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { loadOpenCv } from '../../src/kit/opencv/binding.js';
import { decodePhoto, encodeJpeg } from '../../src/kit/opencv/codec.js';
import { Picture } from '../../src/kit/opencv/picture.js';
import { readPictureHeader } from '../../src/kit/pictures/picture-header.js';
import { LEARNT } from '../../src/liveness/scene/scene-model.js';
import { SceneWatch } from '../../src/liveness/scene/scene-watch.js';
import { GOOD } from '../face/sample.js';

const NOBODY: Measured = { proposed: 0, support: 0, faces: [] };
const grey = (width: number, height: number) =>
  Picture.fromBytes(Buffer.alloc(width * height * 3, 90), width, height, 3);

/** A meter that finishes a measurement only when the test says so. */
class SlowMeter implements Meter, Watcher {
  readonly encoderId = 'small@0123456789ab';
  readonly waiting: (() => void)[] = [];
  running = 0;
  most = 0;
  measured = NOBODY;
  /** Of the turned photos, in the order in which they are tried. */
  supports: number[] = [];

  async measure(): Promise<Measured> {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running -= 1;
    return this.measured;
  }

  /** What is seen of frames, where that is not what is measured of a photo. */
  seen: Watched | undefined;

  async watch(): Promise<Watched> {
    const measured = await this.measure();
    return this.seen ?? measured;
  }

  readonly settled: (readonly number[])[] = [];
  settle(numbers: readonly number[]): void {
    this.settled.push(numbers);
  }

  async support(): Promise<number> {
    return this.supports.shift() ?? 0;
  }
}

/** Collects what the worker sends. */
class FakeGateLine {
  readonly sent: { message: FromEye; blob: Buffer | undefined }[] = [];
  #wake: (() => void) | undefined;

  send(message: FromEye, blob?: Buffer): void {
    this.sent.push({ message, blob });
    this.#wake?.();
  }

  async until(count: number): Promise<void> {
    while (this.sent.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }
}

/** Frames handed out one after the other, then the end. */
const framesOf = (frames: Frame[]) => ({ next: async () => frames.shift() }) as unknown as NewestFrame;

async function released(meter: SlowMeter): Promise<void> {
  while (meter.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  meter.waiting.shift()?.();
}

let jpeg: Buffer;
beforeAll(async () => {
  await loadOpenCv();
  const picture = grey(64, 48);
  jpeg = encodeJpeg(picture, 90);
  picture.release();
});

const make = () => {
  const gateLine = new FakeGateLine();
  const meter = new SlowMeter();
  const clock = new ManualClock();
  return {
    gateLine,
    meter,
    clock,
    worker: new EyeWorker(gateLine, { live: meter, photo: meter }, clock, new SceneWatch()),
  };
};
const frame = (index: number): Frame => ({ picture: grey(64, 48), takenMs: 1 as MonotonicMs, index });

test('a photo waits for its turn: two pictures are never measured at a time', async () => {
  const { gateLine, meter, worker } = make();
  const measuring = worker.measureFrames(framesOf([frame(0)]));
  while (meter.running === 0) await new Promise((resolve) => setImmediate(resolve));
  worker.serve({ kind: 'photo', id: 7, turn: false }, jpeg);
  await released(meter);
  await released(meter);
  await measuring;
  await gateLine.until(2);
  expect(meter.most).toBe(1);
  expect(gateLine.sent.map(({ message }) => message.kind)).toEqual(['observation', 'photo']);
});

const lit = (level: number, atMs: number, index: number): Frame => ({
  picture: Picture.fromBytes(Buffer.alloc(64 * 48 * 3, level), 64, 48, 3),
  takenMs: atMs as MonotonicMs,
  index,
});

/**
 * Measures these pictures of a camera, one after the other; `sees` of them are expected to be measured.
 * `live`: false once it is gone; `openings`: how often it was opened by the time of a picture.
 */
async function watched(
  pictures: readonly Frame[],
  sees: number,
  { live = true, openings = () => 1 }: { live?: boolean; openings?: (picture: number) => number } = {},
) {
  const { gateLine, meter, clock } = make();
  const watch = new PictureWatch(FAULT_AFTER_MS);
  const worker = new EyeWorker(gateLine, { live: meter, photo: meter }, clock, undefined, watch);
  const frames = [...pictures];
  const reopened: string[] = [];
  const newest = {
    live,
    get openings() {
      return openings(pictures.length - frames.length - 1);
    },
    next: async () => frames.shift(),
    reopen: (why: string) => reopened.push(why),
  };
  const measuring = worker.measureFrames(newest as unknown as NewestFrame);
  for (let n = 0; n < sees; n++) await released(meter);
  await measuring;
  return { worker, reopened, sent: gateLine.sent.map(({ message }) => message) };
}

test('a picture that was there before is measured for two seconds and no longer: whom it shows may be gone', async () => {
  const pictures = [
    [90, 0, 'measured'],
    [90, 1900, 'measured'],
    [90, 2000, 'left out'],
    [91, 2100, 'measured'],
    [90, 2200, 'measured'],
    [91, 4100, 'left out'],
    [92, 4200, 'measured'],
  ] as const;
  const measured = pictures.flatMap(([, , what], frame) => (what === 'measured' ? [frame] : []));
  const { sent, worker } = await watched(
    pictures.map(([level, atMs], n) => lit(level, atMs, n)),
    measured.length,
  );
  expect(sent).toMatchObject(measured.map((frame) => ({ kind: 'observation', frame })));
  expect(worker.repeats).toBe(false);
});

test('that the newest picture is left out can be read', async () => {
  const { worker } = await watched([lit(90, 0, 0), lit(90, 2000, 1)], 1);
  expect(worker.repeats).toBe(true);
});

/** Two pictures, each in its turn, for so long. */
const stuck = (levels: readonly [number, number], forMs: number): Frame[] =>
  Array.from({ length: forMs / 5000 + 1 }, (_, n) => lit(levels[n % 2] ?? 0, n * 5000, n));

test.each<[string, readonly [number, number]]>([
  ['one picture', [90, 90]],
  ['two pictures', [90, 91]],
  ['black', [0, 0]],
])('a camera that is stuck with %s is told, and opened again once; another picture ends it', async (_what, levels) => {
  const pictures = stuck(levels, FAULT_AFTER_MS + 10_000);
  const other = lit(99, FAULT_AFTER_MS + 11_000, pictures.length);
  const different = new Set(levels).size;
  const { sent, reopened } = await watched([...pictures, other], different + 1);
  expect(sent.slice(different)).toMatchObject([
    { kind: 'camera', state: 'live', fault: 'frozen' },
    { kind: 'camera', state: 'live', fault: levels[0] === 0 ? 'dark' : undefined },
    { kind: 'observation', frame: other.index },
  ]);
  expect(reopened).toEqual([expect.stringMatching(/^camera-frozen: /)]);
});

test('what a camera has repeated is counted anew once it was opened again', async () => {
  const pictures = stuck([90, 90], FAULT_AFTER_MS);
  const { sent } = await watched(pictures, 2, { openings: (picture) => (picture < 2 ? 1 : 2) });
  expect(sent.map(({ kind }) => kind)).toEqual(['observation', 'observation']);
});

test('of the pictures of a camera that is gone meanwhile nothing is said: it would count as live', async () => {
  const { sent, reopened, worker } = await watched(stuck([90, 90], FAULT_AFTER_MS), 1, { live: false });
  expect(sent.map(({ kind }) => kind)).toEqual(['observation']);
  expect(reopened).toEqual([]);
  expect(worker.pictureFault).toBe('frozen');
});

test('how long the eye has worked on its current picture can be read at any time, and is 0 once it is done', async () => {
  const { meter, clock, worker } = make();
  expect(worker.busyMs).toBe(0);
  const measuring = worker.measureFrames(framesOf([frame(0)]));
  while (meter.running === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(12_000);
  expect(worker.busyMs).toBe(12_000);
  await released(meter);
  await measuring;
  expect(worker.busyMs).toBe(0);
});

test('a fifth waiting photo is refused as busy, and a file that is no picture as unusable', async () => {
  const { gateLine, meter, worker } = make();
  for (let id = 1; id <= 5; id++)
    worker.serve({ kind: 'photo', id, turn: false }, id === 1 ? Buffer.from('no picture') : jpeg);
  expect(gateLine.sent[0]?.message).toMatchObject({ kind: 'photo', id: 5, ok: false, reason: 'busy' });
  for (let i = 0; i < 3; i++) await released(meter);
  await gateLine.until(5);
  expect(gateLine.sent.slice(1).map(({ message }) => 'id' in message && message.id)).toEqual([1, 2, 3, 4]);
  expect(gateLine.sent[1]?.message).toMatchObject({ ok: false, reason: 'unusable' });
  expect(gateLine.sent[2]?.message).toMatchObject({ ok: true, width: 64, height: 48 });
});

test('a snapshot is the newest frame as a JPEG; before the first frame there is none', async () => {
  const { gateLine, meter, worker } = make();
  worker.serve({ kind: 'snapshot', id: 1, marks: [], redact: false }, Buffer.alloc(0));
  expect(gateLine.sent[0]?.message).toEqual({ kind: 'snapshot', id: 1, ok: false });
  const measuring = worker.measureFrames(framesOf([frame(0)]));
  await released(meter);
  await measuring;
  const box = { x: 5, y: 5, width: 20, height: 20 };
  worker.serve(
    { kind: 'snapshot', id: 2, marks: [{ box, text: 'Ada', tone: 'good' }], redact: false },
    Buffer.alloc(0),
  );
  expect(gateLine.sent[2]?.message).toEqual({ kind: 'snapshot', id: 2, ok: true });
  expect(readPictureHeader(gateLine.sent[2]?.blob ?? Buffer.alloc(0))).toEqual({ kind: 'jpeg', width: 64, height: 48 });
});

const FACE = { box: { x: 30, y: 30, width: 30, height: 30 }, score: 0.9, landmarks: [], quality: GOOD, embedding: '' };

test('a frame that was followed only is told as such, without faces', async () => {
  const { gateLine, meter, worker } = make();
  meter.seen = { proposed: 0, faces: [], followed: [FACE.box] };
  const measuring = worker.measureFrames(framesOf([frame(3)]));
  await released(meter);
  await measuring;
  expect(gateLine.sent[0]?.message).toMatchObject({ kind: 'observation', frame: 3, faces: [], followed: [FACE.box] });
});

test('what the gate says of faces counts for the newest measured frame only', async () => {
  const { meter, worker } = make();
  const settled = (frame: number, numbers: number[]) =>
    worker.serve({ kind: 'settled', frame, numbers }, Buffer.alloc(0));
  settled(0, [1]);
  const measuring = worker.measureFrames(framesOf([frame(0), frame(1)]));
  await released(meter);
  while (meter.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  settled(0, [2]);
  meter.seen = { proposed: 0, faces: [], followed: [] };
  await released(meter);
  await measuring;
  settled(0, [3]);
  settled(1, [4]);
  expect(meter.settled).toEqual([[2], [3]]);
});

test('a redacted snapshot shows where something was, and no face', async () => {
  const { gateLine, meter, worker } = make();
  const side = 96;
  const noise = Buffer.from(
    Array.from({ length: side * side * 3 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 24) & 255),
  );
  meter.measured = {
    proposed: 1,
    support: 9,
    faces: [{ box: { x: 30, y: 30, width: 30, height: 30 }, score: 0.9, landmarks: [], quality: GOOD, embedding: '' }],
  };
  const measuring = worker.measureFrames(
    framesOf([{ picture: Picture.fromBytes(noise, side, side, 3), takenMs: 1 as MonotonicMs, index: 0 }]),
  );
  await released(meter);
  await measuring;
  worker.serve({ kind: 'snapshot', id: 1, marks: [], redact: true }, Buffer.alloc(0));
  const { picture } = await decodePhoto(gateLine.sent[1]?.blob ?? Buffer.alloc(0));
  const coloursIn = (x: number, y: number, width: number, height: number) => {
    const part = picture.crop({ x, y, width, height });
    const bytes = part.bytes();
    part.release();
    return new Set(Array.from({ length: bytes.length / 3 }, (_, i) => Math.round((bytes[3 * i] ?? 0) / 16))).size;
  };
  // The face and what is around it: squares of mean colours, grey for noise; the rest is what it was.
  expect(coloursIn(32, 32, 26, 26)).toBeLessThan(8);
  expect(coloursIn(0, 66, 26, 26)).toBeGreaterThan(10);
  picture.release();
});

test('a redacted snapshot is of a frame that was searched: who came into a followed one is not known yet, and would be shown', async () => {
  const { gateLine, meter, worker } = make();
  const measuring = worker.measureFrames(framesOf([lit(90, 1, 0), lit(200, 2, 1), lit(210, 3, 2)]));
  await released(meter);
  await gateLine.until(1);
  meter.seen = { proposed: 0, faces: [], followed: [FACE.box] };
  await released(meter);
  await released(meter);
  await measuring;
  const brightness = async (redact: boolean) => {
    worker.serve({ kind: 'snapshot', id: 1, marks: [], redact }, Buffer.alloc(0));
    const { picture } = await decodePhoto(gateLine.sent.at(-1)?.blob ?? Buffer.alloc(0));
    const [level] = picture.bytes();
    picture.release();
    return level;
  };
  expect(await brightness(true)).toBeCloseTo(90, -1);
  expect(await brightness(false)).toBeCloseTo(210, -1);
});

test('a face comes with how much of the scene is seen around it, once the scene was learnt from empty frames', async () => {
  const { gateLine, meter, worker } = make();
  const [width, height] = [320, 240];
  const room = (index: number): Frame => ({
    picture: Picture.fromBytes(
      Buffer.from(
        Array.from({ length: width * height * 3 }, (_, i) => {
          const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
          return 128 + 60 * Math.sin(x / 9) * Math.cos(y / 11);
        }),
      ),
      width,
      height,
      3,
    ),
    takenMs: (index * 500) as MonotonicMs,
    index,
  });
  const box = { x: 130, y: 80, width: 50, height: 60 };
  const someone: Measured = {
    proposed: 1,
    support: 9,
    faces: [{ box, score: 0.9, landmarks: [], quality: GOOD, embedding: '' }],
  };
  const frames = Array.from({ length: LEARNT + 1 }, (_, index) => room(index));
  const measuring = worker.measureFrames(framesOf(frames));
  for (let i = 0; i <= LEARNT; i++) {
    // Somebody comes with the last frame.
    if (i === LEARNT) meter.measured = someone;
    await released(meter);
  }
  await measuring;
  const seen = gateLine.sent.map(({ message }) => (message.kind === 'observation' ? message.faces : []));
  expect(seen.slice(0, -1).flat()).toEqual([]);
  expect(seen.at(-1)).toEqual([
    { ...someone.faces[0], scene: { blocks: expect.any(Number), match: expect.closeTo(1, 2) } },
  ]);
});

describe('a photo that a person brought', () => {
  /** The answer to a photo of 64 × 48 with these supports, as it is and turned by 180°, 90° and 270°. */
  async function answerTo(asItIs: number, supports: number[], turn = true) {
    const { gateLine, meter, worker } = make();
    meter.measured = { ...NOBODY, support: asItIs };
    meter.supports = supports;
    worker.serve({ kind: 'photo', id: 1, turn }, jpeg);
    await released(meter);
    const wait = setInterval(() => meter.waiting.shift()?.(), 1);
    await gateLine.until(1);
    clearInterval(wait);
    return gateLine.sent[0]?.message;
  }

  test.each<[string, number, number[], number | null, [number, number]]>([
    ['upright stays as it is', 50, [10, 0, 0], 0, [64, 48]],
    ['on its head is turned', 4, [50, 0, 0], 180, [64, 48]],
    ['on its side is turned, and wide is high then', 0, [0, 0, 50], 270, [48, 64]],
    ['that could be either way up stays as it is, and is marked', 20, [30, 0, 0], null, [64, 48]],
    ['without a face stays as it is', 0, [0, 0, 0], 0, [64, 48]],
  ])('%s', async (_what, asItIs, supports, turned, [width, height]) => {
    expect(await answerTo(asItIs, supports)).toMatchObject({ ok: true, turned, width, height });
  });

  test('is not turned where nobody asked for it', async () => {
    expect(await answerTo(4, [50, 0, 0], false)).toMatchObject({ ok: true, turned: 0 });
  });
});
