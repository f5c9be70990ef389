import type { Box, SceneAround } from '../../face/observation.js';
import type { MonotonicMs } from '../../kit/clock.js';
import type { Picture } from '../../kit/opencv/picture.js';
import { GRID } from './scene-grid.js';
import { compareScene, learnScene, type SceneModel } from './scene-model.js';

/** A face was seen so short a time ago that its person may still be in the picture. */
const ALONE_MS = 3000;
/** Pictures nearer than this are too much alike to learn from both. */
const LEARN_EVERY_MS = 500;

/**
 * Learns what a fixed camera sees while nobody is there, and says how much of it is seen around people: a picture without a rim has
 * to cover the camera's view, and the scene with it. Keeps 96 × 72 grey levels in memory, nothing on the disk.
 */
export class SceneWatch {
  #model: SceneModel | undefined;
  #learntMs: MonotonicMs | undefined;
  #faceMs: MonotonicMs | undefined;

  /** Somebody is there, in a frame that is not compared. */
  occupied(atMs: MonotonicMs): void {
    this.#faceMs = atMs;
  }

  /** @param frame the whole frame, stays the caller's. @param faces confirmed faces in it. @returns undefined without faces, too */
  see(frame: Picture, faces: readonly Box[], atMs: MonotonicMs): SceneAround | undefined {
    if (faces.length > 0) {
      this.#faceMs = atMs;
      return compareScene(this.#model, smallGrey(frame), faces, frame);
    }
    const alone = this.#faceMs === undefined || !(atMs - this.#faceMs < ALONE_MS);
    const due = this.#learntMs === undefined || !(atMs - this.#learntMs < LEARN_EVERY_MS);
    if (alone && due) {
      this.#learntMs = atMs;
      this.#model = learnScene(this.#model, smallGrey(frame));
    }
    return undefined;
  }
}

function smallGrey(frame: Picture): Uint8Array {
  const grey = frame.grey();
  try {
    const small = grey.resize(GRID.width, GRID.height, 'area');
    try {
      return small.bytes();
    } finally {
      small.release();
    }
  } finally {
    grey.release();
  }
}
