import type { Frame } from '../camera/frame.js';
import type { NewestFrame } from '../camera/newest-frame.js';
import { type PictureFault, pictureFaultText } from '../camera/picture-fault.js';
import type { PictureWatch } from '../camera/picture-watch.js';
import type { Watched, Watcher } from '../face/following/attention.js';
import type { Meter } from '../face/measure.js';
import type { Box, MeasuredFace } from '../face/observation.js';
import { TURNS, type Turn, turnFor, UPRIGHT_SUPPORT } from '../face/upright.js';
import type { Clock, MonotonicMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { Mutex } from '../kit/mutex.js';
import { encodeJpeg, UnusablePhoto } from '../kit/opencv/codec.js';
import { drawMarks, hideFaces } from '../kit/opencv/draw.js';
import type { Picture } from '../kit/opencv/picture.js';
import { decodeWholePhoto } from '../kit/opencv/whole-photo.js';
import type { SceneWatch } from '../liveness/scene/scene-watch.js';
import type { GateLine } from './gate-line.js';
import { PHOTOS_WAITING_MAX, type ToEye } from './protocol.js';

const SNAPSHOT_JPEG_QUALITY = 90;
/** A frozen camera is opened again, which heals some, and then this often. */
const REOPEN_EVERY_MS = 300_000;

/** A frame that is kept for snapshots, and the faces in it. */
interface Shot {
  readonly picture: Picture;
  readonly faces: readonly Box[];
}

/** What the eye does: measures the camera's frames and, between two of them, photos. */
export class EyeWorker {
  readonly #gateLine: Pick<GateLine, 'send'>;
  readonly #meters: { readonly live: Watcher; readonly photo: Meter };
  readonly #clock: Clock;
  /** The networks have one input buffer each: one picture at a time. */
  readonly #turn = new Mutex();
  readonly #scene: SceneWatch | undefined;
  readonly #pictures: PictureWatch | undefined;
  #pictureFault: PictureFault | undefined;
  #repeats = false;
  #reopenedMs: MonotonicMs | undefined;
  #photosWaiting = 0;
  #busySince: MonotonicMs | undefined;
  /** The newest frame on which everything was measured. */
  #wholeFrame: number | undefined;
  #newest: Shot | undefined;
  /** The newest frame that was searched for faces; the same as {@link #newest}, or one before it. */
  #searched: Shot | undefined;

  /**
   * @param scene undefined where liveness is off: nobody asks for it then
   * @param pictures undefined for a recording, which may repeat itself
   */
  constructor(
    gateLine: Pick<GateLine, 'send'>,
    meters: { live: Watcher; photo: Meter },
    clock: Clock,
    scene: SceneWatch | undefined,
    pictures?: PictureWatch,
  ) {
    this.#pictures = pictures;
    this.#scene = scene;
    this.#gateLine = gateLine;
    this.#meters = meters;
    this.#clock = clock;
  }

  /** How long the picture at hand has been worked on, milliseconds; 0 when there is none. */
  get busyMs(): number {
    return this.#busySince === undefined ? 0 : this.#clock.monotonic() - this.#busySince;
  }

  /** Measures frames until the source ends. */
  async measureFrames(frames: NewestFrame): Promise<void> {
    for (;;) {
      const frame = await frames.next();
      if (!frame) return;
      if (this.#isRepeated(frame, frames)) {
        // Nothing can be learnt from it any more. Whom it shows may be gone, and would be let in again and again.
        frame.picture.release();
        continue;
      }
      const seen = await this.#inTurn(() => this.#meters.live.watch(frame.picture, frame.takenMs));
      if (!seen.followed) this.#wholeFrame = frame.index;
      this.#sendObservation(frame, this.#withScene(seen, frame));
      this.#keep(frame.picture, seen);
    }
  }

  #keep(picture: Picture, { faces, followed }: Watched): void {
    const shot = { picture, faces: followed ?? faces.map(({ box }) => box) };
    if (this.#newest !== this.#searched) this.#newest?.picture.release();
    this.#newest = shot;
    if (followed) return;
    this.#searched?.picture.release();
    this.#searched = shot;
  }

  #withScene(seen: Watched, { picture, takenMs }: Frame): Watched {
    // A frame in which people were followed says nothing of them, and nothing is learnt from it.
    if (seen.followed && seen.followed.length > 0) this.#scene?.occupied(takenMs);
    else {
      const boxes = seen.faces.map(({ box }) => box);
      const scene = this.#scene?.see(picture, boxes, takenMs);
      if (scene) return { ...seen, faces: seen.faces.map((face) => ({ ...face, scene })) };
    }
    return seen;
  }

  /** Also tells the gate what is wrong with the pictures, and opens a frozen camera again. */
  #isRepeated(frame: Frame, frames: NewestFrame): boolean {
    if (!this.#pictures) return false;
    const { repeats, fault } = this.#pictures.see(frame, frames.openings);
    this.#repeats = repeats;
    // Of a camera that is gone meanwhile nothing is said: it would count as live.
    if (fault !== this.#pictureFault && frames.live) this.#gateLine.send({ kind: 'camera', state: 'live', fault });
    this.#pictureFault = fault;
    const wait = this.#reopenedMs !== undefined && frame.takenMs - this.#reopenedMs < REOPEN_EVERY_MS;
    if (fault === 'frozen' && frames.live && !wait) {
      this.#reopenedMs = frame.takenMs;
      frames.reopen(pictureFaultText.frozen);
    }
    return repeats;
  }

  /** Whether the camera has repeated itself for a while, so that there is nothing to be measured. */
  get repeats(): boolean {
    return this.#repeats;
  }

  /** What the pictures of the open camera lack; undefined while there is nothing wrong with them. */
  get pictureFault(): PictureFault | undefined {
    return this.#pictureFault;
  }

  /** Answers a request: a photo once it is measured, a snapshot at once. What is settled needs no answer. */
  serve(request: Exclude<ToEye, { kind: 'configure' }>, blob: Buffer): void {
    switch (request.kind) {
      case 'snapshot':
        this.#snapshot(request);
        return;
      case 'photo':
        this.#photo(request, blob);
        return;
      case 'settled':
        // A word about an earlier frame may be of faces that are in doubt since.
        if (request.frame === this.#wholeFrame) this.#meters.live.settle(request.numbers);
        return;
    }
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#turn.run(async () => {
      this.#busySince = this.#clock.monotonic();
      try {
        return await task();
      } finally {
        this.#busySince = undefined;
      }
    });
  }

  #sendObservation({ picture, takenMs, index }: Frame, { proposed, faces, followed }: Watched): void {
    this.#gateLine.send({
      kind: 'observation',
      frame: index,
      takenMs,
      measuredMs: this.#clock.monotonic(),
      width: picture.width,
      height: picture.height,
      proposed,
      encoder: this.#meters.live.encoderId,
      faces: [...faces],
      ...(followed && { followed: [...followed] }),
    });
  }

  #photo({ id, turn }: Extract<ToEye, { kind: 'photo' }>, blob: Buffer): void {
    const refuse = (reason: 'unusable' | 'busy' | 'fault', message: string) =>
      this.#gateLine.send({ kind: 'photo', id, ok: false, reason, message: message.slice(0, 1000) });
    if (this.#photosWaiting >= PHOTOS_WAITING_MAX) {
      refuse('busy', `${PHOTOS_WAITING_MAX} photos are waiting already: try again in a second`);
      return;
    }
    this.#photosWaiting += 1;
    this.#measurePhoto(id, blob, turn)
      .catch((thrown: unknown) => refuse(thrown instanceof UnusablePhoto ? 'unusable' : 'fault', explain(thrown)))
      .finally(() => {
        this.#photosWaiting -= 1;
      });
  }

  async #measurePhoto(id: number, blob: Buffer, turn: boolean): Promise<void> {
    const { picture, scale } = await this.#inTurn(() => decodeWholePhoto(blob));
    try {
      const asItIs = await this.#inTurn(() => this.#meters.photo.measure(picture));
      const turned = turn ? await this.#turnFor(picture, asItIs.support) : 0;
      const measured = turned
        ? await this.#turned(picture, turned, (upright) => this.#meters.photo.measure(upright))
        : asItIs;
      const onSide = turned === 90 || turned === 270;
      const [width, height] = onSide ? [picture.height, picture.width] : [picture.width, picture.height];
      this.#gateLine.send({
        kind: 'photo',
        id,
        ok: true,
        width: Math.round(width / scale),
        height: Math.round(height / scale),
        turned,
        proposed: measured.proposed,
        encoder: this.#meters.photo.encoderId,
        faces: measured.faces.map((face) => inOriginalPixels(face, scale)),
      });
    } finally {
      picture.release();
    }
  }

  async #turnFor(picture: Picture, asItIs: number): Promise<Turn | null> {
    if (asItIs >= UPRIGHT_SUPPORT) return 0;
    const tried: { turn: Turn; support: number }[] = [];
    for (const turn of TURNS)
      tried.push({ turn, support: await this.#turned(picture, turn, (turned) => this.#meters.photo.support(turned)) });
    return turnFor(asItIs, tried);
  }

  /** Frames are measured between two turns of a photo: the gate does not wait for it. */
  #turned<T>(picture: Picture, turn: Exclude<Turn, 0>, act: (turned: Picture) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const turned = picture.rotate(turn);
      try {
        return await act(turned);
      } finally {
        turned.release();
      }
    });
  }

  #snapshot({ id, marks, redact }: Extract<ToEye, { kind: 'snapshot' }>): void {
    // In a frame that was followed only, somebody may stand whose face nobody has looked for yet.
    const shot = redact ? this.#searched : this.#newest;
    if (!shot) {
      this.#gateLine.send({ kind: 'snapshot', id, ok: false });
      return;
    }
    const { picture, faces } = shot;
    const copy = picture.bgr();
    try {
      if (redact) hideFaces(copy, [...faces, ...marks.map(({ box }) => box)]);
      drawMarks(copy, marks);
      this.#gateLine.send({ kind: 'snapshot', id, ok: true }, encodeJpeg(copy, SNAPSHOT_JPEG_QUALITY));
    } finally {
      copy.release();
    }
  }
}

/** Large photos are decoded at reduced size; boxes and landmarks are given in pixels of the file. */
function inOriginalPixels(face: MeasuredFace, scale: number): MeasuredFace {
  if (scale === 1) return face;
  const { x, y, width, height } = face.box;
  return {
    ...face,
    box: { x: x / scale, y: y / scale, width: width / scale, height: height / scale },
    landmarks: face.landmarks.map(([px, py]) => [px / scale, py / scale]),
    quality: { ...face.quality, eyeDistancePx: face.quality.eyeDistancePx / scale },
  };
}
