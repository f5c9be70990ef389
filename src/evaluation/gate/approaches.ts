// pure
import { type PresentationFile, type PresentationSet, takesOf } from '../presentations.js';

/** A person, or an attack, comes to the gate: frames of one take in their own time, or a video. */
export interface Approach {
  readonly name: string;
  /** `live`, or the kind of attack. */
  readonly kind: string;
  readonly person: string;
  readonly clip: boolean;
  /** Whether the set says when its frames were taken. Otherwise they are placed by guess, or are single pictures. */
  readonly timed: boolean;
  /** One video, or the pictures of a take in their order. */
  readonly files: readonly Pick<PresentationFile, 'file' | 'frame' | 'fps'>[];
}

/** Every take and every clip of a set is one approach. */
export function approachesOf(set: PresentationSet): Approach[] {
  // A set that says nothing of any take is taken as the command line places it.
  const silent = set.stills.every(({ fps }) => fps === undefined);
  const approach = (files: readonly PresentationFile[], clip: boolean): Approach => {
    const { kind, person, take, file } = files[0] as PresentationFile;
    const timed = clip || silent || files.every(({ fps }) => fps !== undefined);
    return { name: clip ? file : take, kind, person, clip, timed, files };
  };
  return [...takesOf(set).map((take) => approach(take, false)), ...set.clips.map((one) => approach([one], true))];
}

/** An opening of the door in an approach. */
export interface Grant {
  readonly person: string;
  readonly seconds: number;
  /** Frames from the first usable one to this, both counted. */
  readonly frames: number;
}

/** What an approach came to at the gate; times in seconds from the first usable frame: the first face that the gate's limits of quality let through. */
export interface JudgedApproach extends Pick<Approach, 'name' | 'kind' | 'person' | 'timed'> {
  /** Frames that were measured. */
  readonly frames: number;
  /** Most frames with a face that follow each other closely enough to be one track: fewer than the mean needs (`decision.agree`) let nobody in. */
  readonly inARow: number;
  /** People the door was opened for, in that order. */
  readonly grants: readonly Grant[];
  /** When the first refusal was reported; null: none was. */
  readonly refusedAfter: number | null;
  /** Why it was refused: `spoof` where that was among the reasons, else the last one; null: it was let in. */
  readonly reason: string | null;
}

/** A face unseen for longer is a new track, as at the gate. */
const LOST_MS = 1000;

/** The most times in a row that are at most a second apart. @param timesMs ascending */
export function longestRow(timesMs: readonly number[]): number {
  let [row, longest] = [0, 0];
  timesMs.forEach((atMs, i) => {
    row = i > 0 && atMs - (timesMs[i - 1] as number) <= LOST_MS ? row + 1 : 1;
    longest = Math.max(longest, row);
  });
  return longest;
}
