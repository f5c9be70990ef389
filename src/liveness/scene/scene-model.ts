// pure
import type { Box, SceneAround } from '../../face/observation.js';
import { BLOCKS, type BlockStats, blockStats, GRID, likeness } from './scene-grid.js';

/** What the camera sees while nobody is there. */
export interface SceneModel {
  /** Mean picture, {@link GRID} width × height grey levels. */
  readonly mean: Float32Array;
  /** Mean likeness of newer pictures to the mean, one a block: low where leaves, traffic or screens move. */
  readonly steady: Float32Array;
  /** Pictures learnt from, counted to {@link LEARNT}. */
  readonly pictures: number;
  /** Pictures in a row that show another scene: the camera is covered, or was moved. */
  readonly strange: number;
}

/** From so many pictures on the scene is known; then each new one counts one in so many. */
export const LEARNT = 20;
const SLOWLY = 50;
/** Another scene must stay for so many pictures before it is learnt, and then from the beginning: nobody holds a board up for so long. */
export const STRANGE_MAX = 240;
/** A picture with fewer than this share of the known structure shows another scene. */
const KNOWN_SHARE = 1 / 3;
/** Likeness from which on a block is the known one. */
const KNOWN = 0.5;

/** Learns from a picture without faces. @param grey GRID width × height. Another size changes nothing. */
export function learnScene(before: SceneModel | undefined, grey: Uint8Array): SceneModel | undefined {
  if (grey.length !== GRID.width * GRID.height) return before;
  if (!before)
    return { mean: Float32Array.from(grey), steady: new Float32Array(BLOCKS).fill(1), pictures: 1, strange: 0 };
  if (before.pictures === LEARNT && isStrange(before, grey))
    return before.strange + 1 < STRANGE_MAX ? { ...before, strange: before.strange + 1 } : learnScene(undefined, grey);
  const share = before.pictures < LEARNT ? 1 / (before.pictures + 1) : 1 / SLOWLY;
  const seen = Float32Array.from(grey);
  const steady = before.steady.map((known, block) => {
    const alike = likeness(seen, before.mean, block, NOTHING);
    // A block without structure has nothing to be steady in; it is left out of comparisons anyway.
    return alike === undefined ? known : known + share * (alike - known);
  });
  const mean = before.mean.map((known, i) => known + share * ((seen[i] as number) - known));
  return { mean, steady, pictures: Math.min(LEARNT, before.pictures + 1), strange: 0 };
}

const NOTHING = new Uint8Array(GRID.width * GRID.height);

/** Whether hardly anything of the known scene is in a picture. Restless blocks count for nothing. */
function isStrange({ mean, steady }: SceneModel, grey: Uint8Array): boolean {
  const seen = Float32Array.from(grey);
  let [known, all] = [0, 0];
  for (let block = 0; block < BLOCKS; block++) {
    if (!((steady[block] as number) >= STEADY_MIN && blockStats(mean, block, NOTHING).deviation >= STRUCTURE_MIN))
      continue;
    all += 1;
    if ((likeness(seen, mean, block, NOTHING) ?? 0) >= KNOWN) known += 1;
  }
  return all > 0 && known < KNOWN_SHARE * all;
}

/** A block says nothing without structure in the scene, where the scene is restless, or in the dark. */
const STRUCTURE_MIN = 8;
const STEADY_MIN = 0.7;
const LIGHT_MIN = 15;
/** Share of a block that people may hide. */
const HIDDEN_MAX = 0.4;
/** Fewer blocks than this are no surroundings. */
const BLOCKS_MIN = 3;

/**
 * Compares the surroundings of all people of a picture with the scene: the same answer for each of them, because a picture
 * before the camera hides the scene from everybody. Undefined while the scene is not known, or where too little of it can be
 * compared. @param people boxes of faces, pixels of the frame. @param frame its size
 */
export function compareScene(
  model: SceneModel | undefined,
  grey: Uint8Array,
  people: readonly Box[],
  frame: { readonly width: number; readonly height: number },
): SceneAround | undefined {
  if (!model || model.pictures < LEARNT || grey.length !== model.mean.length) return undefined;
  const hidden = hiddenBy(people, frame);
  const seen = Float32Array.from(grey);
  const found: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const known: BlockStats = blockStats(model.mean, block, hidden);
    if (known.share < 1 - HIDDEN_MAX || !(known.deviation >= STRUCTURE_MIN)) continue;
    if (!((model.steady[block] as number) >= STEADY_MIN)) continue;
    if (!(blockStats(seen, block, hidden).mean >= LIGHT_MIN)) continue;
    const alike = likeness(seen, model.mean, block, hidden);
    if (alike !== undefined) found.push(alike);
  }
  if (found.length < BLOCKS_MIN) return undefined;
  found.sort((a, b) => a - b);
  return { blocks: found.length, match: found[Math.floor(0.75 * (found.length - 1))] as number };
}

/** Head, shoulders and body below each face, in sides of it: 1 where they hide the scene. */
function hiddenBy(people: readonly Box[], frame: { readonly width: number; readonly height: number }): Uint8Array {
  const hidden = new Uint8Array(GRID.width * GRID.height);
  const [sx, sy] = [GRID.width / frame.width, GRID.height / frame.height];
  for (const box of people) {
    const side = Math.sqrt(box.width * box.height);
    const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
    hide(hidden, (cx - side) * sx, (cx + side) * sx, (cy - 1.2 * side) * sy);
    hide(hidden, (cx - 1.9 * side) * sx, (cx + 1.9 * side) * sx, (cy + 0.55 * side) * sy);
  }
  return hidden;
}

function hide(hidden: Uint8Array, left: number, right: number, top: number): void {
  const [x1, x2] = [Math.max(0, Math.floor(left)), Math.min(GRID.width, Math.ceil(right))];
  for (let y = Math.max(0, Math.floor(top)); y < GRID.height; y++)
    if (x2 > x1) hidden.fill(1, y * GRID.width + x1, y * GRID.width + x2);
}
