// pure
import { ramp } from './ramp.js';

/** How a thing is turned, degrees. Yaw turns the side that is right in the picture nearer, pitch the upper one, roll clockwise. */
export interface Turn {
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
}

interface Wave {
  /** Largest value, degrees. */
  readonly most: number;
  readonly periodS: number;
  /** Shares of a period. */
  readonly phase: number;
}

const wave = ({ most, periodS, phase }: Wave, second: number): number =>
  most * Math.sin(2 * Math.PI * (second / periodS + phase));
const waves = (all: readonly Wave[], second: number): number => all.reduce((sum, one) => sum + wave(one, second), 0);

const HEAD = {
  yaw: [
    { most: 6.5, periodS: 2.3, phase: 0 },
    { most: 1.5, periodS: 0.83, phase: 0.3 },
  ],
  pitch: [
    { most: 3.5, periodS: 1.7, phase: 0.15 },
    { most: 1, periodS: 0.61, phase: 0.7 },
  ],
  roll: [{ most: 2, periodS: 2.9, phase: 0.4 }],
};
const HAND = {
  yaw: [
    { most: 6, periodS: 2.6, phase: 0.1 },
    { most: 1.5, periodS: 0.9, phase: 0.5 },
  ],
  pitch: [
    { most: 5, periodS: 2.1, phase: 0.35 },
    { most: 1, periodS: 0.7, phase: 0 },
  ],
  roll: [{ most: 3, periodS: 1.9, phase: 0.2 }],
};

const turnBy = (of: Readonly<Record<keyof Turn, readonly Wave[]>>, second: number): Turn => ({
  yaw: waves(of.yaw, second),
  pitch: waves(of.pitch, second),
  roll: waves(of.roll, second),
});

/** How the head of somebody who looks at a door is turned, against the photo. @param second since the person came */
export const headTurn = (second: number): Turn => turnBy(HEAD, second);

/** How a sheet is turned that a hand holds to the camera. */
export const handTurn = (second: number): Turn => turnBy(HAND, second);

const BLINK = { everyS: 2.4, firstS: 0.7, downS: 0.12, shutS: 0.06, upS: 0.22 } as const;

/** How far the lids are closed, 0 open to 1 closed. @param second since the person came */
export function lidsClosed(second: number): number {
  const since = (((second - BLINK.firstS) % BLINK.everyS) + BLINK.everyS) % BLINK.everyS;
  const opens = BLINK.downS + BLINK.shutS;
  return ramp(since, 0, BLINK.downS) - ramp(since, opens, opens + BLINK.upS);
}
