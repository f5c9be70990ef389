// pure
import { area, centre, iou, suppress } from './geometry.js';
import type { Box, Point } from './observation.js';

/** A face found by the confirming network. */
export interface Detection {
  readonly box: Box;
  /** 0…1. */
  readonly score: number;
}

const NMS_IOU = 0.35;

/**
 * Reads UltraFace's outputs. `scores` is n × 2 (column 1 = face), `boxes` n × 4 (x1, y1, x2, y2 as fractions of the
 * region that the network saw). @returns detections at or above `minScore` in pixels of the frame, best first.
 */
export function readDetections(scores: Float32Array, boxes: Float32Array, region: Box, minScore: number): Detection[] {
  const found: Detection[] = [];
  for (let i = 0; i * 2 + 1 < scores.length; i++) {
    const score = scores[i * 2 + 1] as number;
    if (!(score >= minScore)) continue;
    const [x1, y1, x2, y2] = [0, 1, 2, 3].map((k) => boxes[i * 4 + k] as number) as [number, number, number, number];
    if (![x1, y1, x2, y2].every(Number.isFinite) || x2 <= x1 || y2 <= y1) continue;
    found.push({
      score: Math.min(1, score),
      box: {
        x: region.x + x1 * region.width,
        y: region.y + y1 * region.height,
        width: (x2 - x1) * region.width,
        height: (y2 - y1) * region.height,
      },
    });
  }
  return suppress(found, NMS_IOU);
}

const inside = ([x, y]: Point, box: Box) =>
  x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;

/** How much a Haar box and the network's box must share to be the same face. */
const SAME_FACE_IOU = 0.2;

/**
 * The detection that a proposal meant: overlapping enough, each centre inside the other. A badge below a face sees
 * that face in its context too, and must not be taken for it.
 */
export function confirm(proposal: Box, detections: readonly Detection[]): Detection | undefined {
  return detections
    .filter(
      ({ box }) =>
        inside(centre(box), proposal) && inside(centre(proposal), box) && iou(box, proposal) >= SAME_FACE_IOU,
    )
    .sort((a, b) => iou(b.box, proposal) - iou(a.box, proposal))[0];
}

/** Several proposals of one face become one; the `most` largest remain, largest first. */
export function mergeConfirmed(confirmed: readonly Detection[], most: number): Detection[] {
  return suppress(confirmed, NMS_IOU)
    .sort((a, b) => area(b.box) - area(a.box))
    .slice(0, most);
}
