import type { MonotonicMs } from '../../kit/clock.js';
import { clampRegion, type Picture } from '../../kit/opencv/picture.js';
import type { FaceMeter, Found } from '../measure.js';
import type { Box, MeasuredFace } from '../observation.js';
import { isUnmoved, SIGHT_SIDE, type Sight, sightOf } from './continuity.js';
import { hasMoved, SMALL } from './movement.js';
import {
  afterFollowing,
  afterSettling,
  afterWhole,
  followed,
  type KnownFace,
  NOTHING_WATCHED,
  type Pace,
  type Step,
  stepFor,
  type Watching,
} from './plan.js';

/** What was seen in one frame of a camera. */
export interface Watched {
  /** Boxes that the cascade proposed. */
  readonly proposed: number;
  readonly faces: readonly MeasuredFace[];
  /** Present: nothing was measured, and these are the known faces, found again. */
  readonly followed?: readonly Box[];
}

/** Port: looks at the frames of a camera, one after the other. */
export interface Watcher {
  readonly encoderId: string;
  /** `frame` is BGR and stays the caller's. */
  watch(frame: Picture, atMs: MonotonicMs): Promise<Watched>;
  /** Nothing is left to decide on these faces of the newest whole frame. */
  settle(numbers: readonly number[]): void;
}

/** What it looks with. */
type Looks = Pick<FaceMeter, 'encoderId' | 'find' | 'look' | 'measure'>;

/** Measures what is needed of each frame, and everything where anything is in doubt: `plan.ts` says what that is. */
export class Attention implements Watcher {
  readonly #meter: Looks;
  readonly #pace: Pace;
  #watching: Watching = NOTHING_WATCHED;
  /** The frame that was last searched by the cascade, small. */
  #searched: Uint8Array | undefined;

  constructor(meter: Looks, pace: Pace) {
    this.#meter = meter;
    this.#pace = pace;
  }

  get encoderId(): string {
    return this.#meter.encoderId;
  }

  async watch(frame: Picture, atMs: MonotonicMs): Promise<Watched> {
    if (this.#pace.everyFrame === 'full') return this.#meter.measure(frame);
    const known = this.#watching.faces;
    const boxes = known.map(({ box }) => box);
    const small = smallGrey(frame);
    const moved = this.#searched === undefined || hasMoved(this.#searched, small, boxes, frame);
    const step = stepFor(this.#watching, atMs, moved, this.#pace);
    const isSame = step === 'glance' && known.every((face) => isUnmoved(face.sight, sightIn(frame, face.box)));
    if (isSame || (known.length === 0 && step === 'follow')) return this.#followed(known, atMs, { step, moved }, 0);
    const search = step === 'whole' || step === 'search';
    if (search) this.#searched = small;
    const found = await this.#meter.find(frame, boxes, search);
    const sighted = () => found.faces.map(({ box }) => ({ box, sight: sightIn(frame, box) }));
    const again = step === 'whole' ? undefined : followed(known, sighted());
    const done = step === 'glance' ? 'follow' : step;
    if (again) return this.#followed(again, atMs, { step: done, moved }, found.proposals.length);
    if (search) return this.#look(frame, found, known, atMs, moved);
    this.#searched = small;
    return this.#look(frame, await this.#meter.find(frame, boxes, true), known, atMs, moved);
  }

  #followed(
    faces: readonly KnownFace[],
    atMs: MonotonicMs,
    how: { readonly step: Step; readonly moved: boolean },
    proposed: number,
  ): Watched {
    this.#watching = afterFollowing(this.#watching, faces, atMs, how);
    return { proposed, faces: [], followed: faces.map(({ box }) => box) };
  }

  async #look(frame: Picture, found: Found, known: readonly KnownFace[], atMs: MonotonicMs, moved: boolean) {
    const { proposed, faces } = await this.#meter.look(frame, found, known);
    // A face without structure cannot be followed: it is seen in whole frames only.
    const looked = faces.flatMap((face) => {
      const sight = sightIn(frame, face.box);
      return sight.length > 0 ? [{ ...face, sight }] : [];
    });
    this.#watching = afterWhole(this.#watching, looked, atMs, moved);
    const numbers = new Map(this.#watching.faces.map(({ box, number }) => [box, number]));
    return {
      proposed,
      faces: faces.map((face) => {
        const number = numbers.get(face.box);
        return number === undefined ? face : { ...face, number };
      }),
    };
  }

  settle(numbers: readonly number[]): void {
    this.#watching = afterSettling(this.#watching, numbers);
  }
}

/** What is like nothing, not even itself. */
const NO_SIGHT: Sight = new Float32Array(0);

function sightIn(frame: Picture, box: Box): Sight {
  const region = clampRegion(box, frame.width, frame.height);
  if (!region) return NO_SIGHT;
  const face = frame.crop(region);
  try {
    return sightOf(greyOf(face, SIGHT_SIDE, SIGHT_SIDE)) ?? NO_SIGHT;
  } finally {
    face.release();
  }
}

const smallGrey = (frame: Picture): Uint8Array => greyOf(frame, SMALL.width, SMALL.height);

/** Made small first: a hundredth of the pixels is turned grey. */
function greyOf(picture: Picture, width: number, height: number): Uint8Array {
  const small = picture.resize(width, height, 'area');
  try {
    const grey = small.grey();
    try {
      return grey.bytes();
    } finally {
      grey.release();
    }
  } finally {
    small.release();
  }
}
