// pure
import type { MonotonicMs } from '../kit/clock.js';
import type { CameraSettings } from './camera-settings.js';

/** What is wrong with the pictures of a camera that delivers: always the very same ones, or nothing to be seen. */
export const PICTURE_FAULTS = ['frozen', 'dark'] as const;
export type PictureFault = (typeof PICTURE_FAULTS)[number];

/** For so long before it is one: a hand on the lens is none. */
export const FAULT_AFTER_MS = 20_000;
/**
 * What comes through a pipeline may be a stream, whose encoder repeats a scene in which nothing moves from one key frame to the next
 * (docs/reliability.md). The other cameras code each picture by itself.
 */
export const STREAM_FROZEN_AFTER_MS = 120_000;
/**
 * So long a repeated picture is measured as a new one is: encoders of streams repeat a scene in which little moves for moments. It is less than
 * `decision.cooldownMs` by default, so that whom it shows is let in once at most.
 */
const REPEATED_MS = 2_000;
/** A picture in which no place is as bright as this shows no face; of 255. Noise of a covered lens stays below. */
export const DARK_BELOW = 24;
/** It is over at this brightness, so that dusk does not come and go… */
const BRIGHT_FROM = 32;
/** …and only after so long, so that a headlight that passes does not end a night. */
export const BRIGHT_AFTER_MS = 10_000;
/** Without a picture for so long nobody knows what there was to be seen. */
export const GAP_MS = 10_000;

/** How long a camera of this kind may repeat a picture; undefined for a recording, which may do so for ever. */
export function frozenAfterMs(kind: CameraSettings['kind']): number | undefined {
  if (kind === 'replay') return undefined;
  return kind === 'gstreamer' ? STREAM_FROZEN_AFTER_MS : FAULT_AFTER_MS;
}

/** A picture, as far as faults go. */
export interface SeenPicture {
  readonly atMs: MonotonicMs;
  /** How often the camera had been opened by then. */
  readonly openings: number;
  /** Whether it is one of those before it, to the last bit: noise makes any two of a camera differ. */
  readonly repeats: boolean;
  readonly brightest: number;
}

/** What is known of the pictures so far. */
export interface PictureLook extends Pick<SeenPicture, 'atMs' | 'openings'> {
  /** Since when no new picture has come. */
  readonly sameSinceMs: MonotonicMs;
  readonly frozen: boolean;
  readonly dark: boolean;
  /** Since when the pictures have been bright though `dark` stands, or dark though it does not; undefined while they are as it says. */
  readonly turnedSinceMs: MonotonicMs | undefined;
}

/**
 * Adds a picture. After a gap, and when the camera was opened again, what does not stand yet is counted anew; what stands goes only by pictures that
 * show that it is over. @param frozenMs how long this camera may repeat a picture
 */
export function lookAgain(before: PictureLook | undefined, seen: SeenPicture, frozenMs: number): PictureLook {
  const { atMs, openings, repeats } = seen;
  const goesOn = before && openings === before.openings && atMs - before.atMs <= GAP_MS ? before : undefined;
  const sameSinceMs = (repeats ? goesOn?.sameSinceMs : undefined) ?? atMs;
  const frozen = repeats && (before?.frozen === true || atMs - sameSinceMs >= frozenMs);
  return { atMs, openings, sameSinceMs, frozen, ...darkness(before?.dark ?? false, goesOn, seen) };
}

function darkness(
  stands: boolean,
  goesOn: PictureLook | undefined,
  { atMs, brightest }: SeenPicture,
): Pick<PictureLook, 'dark' | 'turnedSinceMs'> {
  if (brightest < (stands ? BRIGHT_FROM : DARK_BELOW) === stands) return { dark: stands, turnedSinceMs: undefined };
  const turnedSinceMs = goesOn?.turnedSinceMs ?? atMs;
  const turned = atMs - turnedSinceMs >= (stands ? BRIGHT_AFTER_MS : FAULT_AFTER_MS);
  return turned ? { dark: !stands, turnedSinceMs: undefined } : { dark: stands, turnedSinceMs };
}

/** Whether there has been nothing new to be learnt for a while. */
export const isRepeated = ({ frozen, atMs, sameSinceMs }: PictureLook): boolean =>
  frozen || atMs - sameSinceMs >= REPEATED_MS;

/** Frozen before dark: the black of a covered lens has noise, one without any change is the camera's doing. */
export function faultOf({ frozen, dark }: PictureLook): PictureFault | undefined {
  if (frozen) return 'frozen';
  return dark ? 'dark' : undefined;
}

const SECONDS = FAULT_AFTER_MS / 1000;

/** For people who can do something about it. */
export const pictureFaultText: Readonly<Record<PictureFault, string>> = {
  frozen: `camera-frozen: the camera has delivered the very same picture, or the same few in turn, for ${SECONDS} seconds or more, nobody is let in by face: unplug it and plug it in again, or restart what delivers its pictures`,
  dark: `camera-dark: the picture of the camera has been black for ${SECONDS} seconds or more, no face can be recognised: uncover the lens, switch on a light`,
};
