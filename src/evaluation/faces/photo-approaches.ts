// pure
import { type IdentifyRule, identify } from '../../access/identify.js';
import type { ComparableFace } from '../../access/track.js';
import { type CountedRate, type DrawnGallery, type PersonPhotos, Tallies } from './open-set.js';

/** How approaches are made of photos, and decided. */
export interface PhotoApproachRule extends IdentifyRule {
  /** Photos of an approach. */
  readonly frames: number;
  /** Fewest of them whose mean may mean a person. */
  readonly agree: number;
}

/** Errors by approach, each with its interval by person. */
export interface PhotoApproachFigures {
  /** Share of strangers' approaches that were taken for somebody at any of their frames. */
  readonly fpir: CountedRate;
  /** Share of own approaches that were not recognised as their person. */
  readonly fnir: CountedRate;
}

/**
 * Shows the photos of each person as the frames of one approach, with a decision after each as at the gate; people with
 * fewer than `frames` photos with a face are left out. Photos of different days are less alike than frames: the gate's own
 * approaches give strangers fewer chances, and own people fewer different looks.
 */
export function photoApproaches(
  draws: readonly DrawnGallery[],
  rule: PhotoApproachRule,
  random: () => number,
): PhotoApproachFigures {
  const [fpir, fnir] = [new Tallies(), new Tallies()];
  for (const { gallery, probes, strangers } of draws) {
    const meant = (looks: readonly ComparableFace[]) => firstMeant(looks, gallery, rule);
    for (const { person, looks } of approaches(probes, rule.frames)) fnir.add(person, meant(looks) !== person);
    for (const { person, looks } of approaches(strangers, rule.frames)) fpir.add(person, meant(looks) !== undefined);
  }
  return { fpir: fpir.rate(random), fnir: fnir.rate(random) };
}

function approaches(
  people: readonly PersonPhotos[],
  frames: number,
): { person: string; looks: readonly ComparableFace[] }[] {
  return people.flatMap(({ person, photos }) => {
    const looks = photos.flatMap((embedding) => (embedding ? [{ embedding, weight: 1 }] : [])).slice(0, frames);
    return looks.length === frames ? [{ person, looks }] : [];
  });
}

function firstMeant(looks: readonly ComparableFace[], gallery: DrawnGallery['gallery'], rule: PhotoApproachRule) {
  for (let frames = Math.min(rule.agree, looks.length); frames <= looks.length; frames++) {
    const claim = identify(looks.slice(0, frames), gallery, rule);
    if (claim.kind === 'person') return claim.id;
  }
  return undefined;
}
