// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { CameraSettings } from './camera-settings.js';

/** What is wrong with the pictures of a camera that delivers: always the very same one, or nothing to be seen. */
export const PICTURE_FAULTS = ['frozen', 'dark'] as const;
export type PictureFault = (typeof PICTURE_FAULTS)[number];

/** For so long before it is one: a hand on the lens is none. */
export const FAULT_AFTER_MS = 20_000;
/**
 * What comes through a pipeline may be a stream, whose encoder repeats a scene in which nothing moves from one key frame to the next
 * (docs/reliability.md). The other cameras code each picture by itself.
 */
export const STREAM_FROZEN_AFTER_MS = 120_000;
/** A picture in which no place is as bright as this shows no face; of 255. Noise of a covered lens stays below. */
export const DARK_BELOW = 24;
/** It is over at this brightness, so that dusk does not come and go. */
const BRIGHT_FROM = 32;

/** How long a camera of this kind may repeat a picture; undefined for a recording, which may do so for ever. */
export function frozenAfterMs(kind: CameraSettings['kind']): number | undefined {
  if (kind === 'replay') return undefined;
  return kind === 'gstreamer' ? STREAM_FROZEN_AFTER_MS : FAULT_AFTER_MS;
}

/** What is known of the pictures so far. */
export interface PictureLook {
  /** When the picture came first that has been repeated since. */
  readonly sameSinceMs: MonotonicMs;
  /** When it became dark; undefined while it is not. */
  readonly darkSinceMs: MonotonicMs | undefined;
}

/** Adds a picture. @param repeats whether it is the one before it, to the last bit: noise makes any two of a camera differ */
export function lookAgain(
  before: PictureLook | undefined,
  { atMs, repeats, brightest }: { readonly atMs: MonotonicMs; readonly repeats: boolean; readonly brightest: number },
): PictureLook {
  const wasDark = before?.darkSinceMs !== undefined;
  const dark = brightest < (wasDark ? BRIGHT_FROM : DARK_BELOW);
  return {
    sameSinceMs: before && repeats ? before.sameSinceMs : atMs,
    darkSinceMs: dark ? (before?.darkSinceMs ?? atMs) : undefined,
  };
}

/** Dark before frozen: of a black picture without noise one can see no more than that. */
export function faultOf(
  { sameSinceMs, darkSinceMs }: PictureLook,
  atMs: MonotonicMs,
  frozenMs: number,
): PictureFault | undefined {
  if (darkSinceMs !== undefined && atMs - darkSinceMs >= FAULT_AFTER_MS) return 'dark';
  return atMs - sameSinceMs >= frozenMs ? 'frozen' : undefined;
}

const SECONDS = FAULT_AFTER_MS / 1000;

/** For people who can do something about it. */
export const pictureFaultText: Readonly<Record<PictureFault, string>> = {
  frozen: `camera-frozen: the camera has delivered the very same picture for ${SECONDS} seconds or more, nobody is let in by face: unplug it and plug it in again, or restart what delivers its pictures`,
  dark: `camera-dark: the picture of the camera has been black for ${SECONDS} seconds or more, no face can be recognised: uncover the lens, switch on a light`,
};
