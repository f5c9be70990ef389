// pure
import type { MeasuredFace } from '../../face/observation.js';
import type { QualityLimits } from '../../face/quality.js';
import { faceToEnrol } from '../../person/enrolment-rules.js';
import type { Approach } from './approaches.js';
import type { SeenFrame } from './gate-protocol.js';

/** An approach and what was seen of it. */
export interface SeenApproach {
  readonly approach: Approach;
  /** Ascending in time. */
  readonly frames: readonly SeenFrame[];
}

/** An approach of a set, the frames of it that are shown, and what its person is enrolled by meanwhile. */
export interface PlannedApproach extends SeenApproach {
  /** Undefined: there is no photo of this person. */
  readonly enrolled: MeasuredFace | undefined;
}

export interface SetPlan {
  /** Whom everybody is enrolled by while others are shown: the best frame of each living person. */
  readonly people: ReadonlyMap<string, MeasuredFace>;
  /** Living people, each enrolled by another take, else by another second of the same one. */
  readonly living: readonly PlannedApproach[];
  readonly attacks: readonly PlannedApproach[];
  /** Living approaches that leave no frame to enrol from, or none to show: nothing can be said of them. */
  readonly unshown: number;
}

/** A frame to enrol from is at least so far away from all frames that are shown. */
const APART_MS = 1000;

interface Photo {
  readonly face: MeasuredFace;
  readonly atMs: number;
}

/** Plans who is enrolled by which frame, so that nobody is recognised by the very frames that they were enrolled by. */
export function planSet(seen: readonly SeenApproach[], limits: QualityLimits): SetPlan {
  const live = seen.filter(({ approach }) => approach.kind === 'live');
  const photos = new Map(live.map((one) => [one, photosOf(one, limits)]));
  const people = new Map<string, MeasuredFace>();
  for (const [one, found] of photos) {
    const best = bestOf([...found, ...knownOf(people.get(one.approach.person))]);
    if (best) people.set(one.approach.person, best.face);
  }
  const living = live.flatMap((one): PlannedApproach[] => {
    const others = live.filter((other) => other !== one && other.approach.person === one.approach.person);
    const best = bestOf(others.flatMap((other) => photos.get(other) ?? []));
    return best ? [{ ...one, enrolled: best.face }] : anotherSecond(one, photos.get(one) ?? []);
  });
  const attacks = seen
    .filter(({ approach }) => approach.kind !== 'live')
    .map((one) => ({ ...one, enrolled: people.get(one.approach.person) }));
  return { people, living, attacks, unshown: live.length - living.length };
}

/** The last good frame is enrolled, and what came a second before it and earlier is shown. */
function anotherSecond(one: SeenApproach, photos: readonly Photo[]): PlannedApproach[] {
  const last = photos.at(-1);
  const frames = last && one.approach.timed ? one.frames.filter(({ atMs }) => atMs <= last.atMs - APART_MS) : [];
  return last && frames.length > 0 ? [{ approach: one.approach, frames, enrolled: last.face }] : [];
}

function photosOf({ frames }: SeenApproach, limits: QualityLimits): Photo[] {
  return frames.flatMap(({ faces, atMs }) => {
    const found = faceToEnrol(faces, limits);
    return 'face' in found ? [{ face: found.face, atMs }] : [];
  });
}

const knownOf = (face: MeasuredFace | undefined): Photo[] => (face ? [{ face, atMs: 0 }] : []);

const bestOf = (photos: readonly Photo[]): Photo | undefined =>
  photos.reduce<Photo | undefined>(
    (best, one) => (best && best.face.quality.overall >= one.face.quality.overall ? best : one),
    undefined,
  );
