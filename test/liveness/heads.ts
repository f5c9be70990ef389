import type { Box, Point } from '../../src/face/observation.js';
import { type MonotonicMs, monotonicMs } from '../../src/kit/clock.js';
import type { FaceSample } from '../../src/liveness/face-sample.js';

/** 68 points of a made-up head of width 1, x to the right, y down, z towards the camera; the nose stands out. */
const HEAD: readonly (readonly [number, number, number])[] = Array.from({ length: 68 }, (_, i) => {
  const x = (((i * 37) % 68) / 68 - 0.5) * 0.9;
  const y = (((i * 53) % 68) / 68 - 0.5) * 1.1;
  return [x, y, 0.45 - 0.8 * (x * x + 0.6 * y * y)] as const;
});

export interface Pose {
  /** Radians. */
  readonly yaw?: number;
  readonly x?: number;
  readonly y?: number;
  readonly size?: number;
}

/** How a solid head looks: turning it shows another side. */
export const solidHead = ({ yaw = 0, x = 300, y = 220, size = 150 }: Pose = {}): Point[] =>
  HEAD.map(([hx, hy, hz]) => {
    const [px, pz] = [hx * Math.cos(yaw) + hz * Math.sin(yaw), hz * Math.cos(yaw) - hx * Math.sin(yaw)];
    const near = 4 / (4 - pz);
    return [x + size * px * near, y + size * hy * near];
  });

/** How a picture of that head looks when it is turned, moved and held askew: a plane in perspective. */
export const flatHead = ({ yaw = 0, x = 300, y = 220, size = 150 }: Pose = {}): Point[] =>
  solidHead({ x: 0, y: 0, size: 1 }).map(([hx, hy]) => {
    const near = 4 / (4 + hx * Math.sin(yaw));
    return [x + size * hx * Math.cos(yaw) * near, y + size * hy * near];
  });

export const boxAt = ({ x = 300, y = 220, size = 150 }: Pose = {}): Box => ({
  x: x - size / 2,
  y: y - size / 2,
  width: size,
  height: size,
});

export const at = (ms: number): MonotonicMs => monotonicMs(ms);
export const scored = (llr: number): FaceSample['liveness'] => ({ kind: 'scored', llr });

/** A person who looks alive and turns the head to and fro. */
export const liveSample = (ms: number, change: Partial<FaceSample> = {}): FaceSample => ({
  atMs: at(ms),
  box: boxAt(),
  landmarks: solidHead({ yaw: 0.4 * Math.sin(ms / 400) }),
  liveness: scored(4),
  ...change,
});

/** A print that is moved and turned about, and looks to the networks as `llr` says. */
export const printSample = (ms: number, llr: number): FaceSample => {
  const pose = { yaw: 0.5 * Math.sin(ms / 400), x: 300 + 40 * Math.sin(ms / 300) };
  return { atMs: at(ms), box: boxAt(pose), landmarks: flatHead(pose), liveness: scored(llr) };
};
