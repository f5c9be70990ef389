// pure
import { meanDirection } from '../../kit/vector.js';
import { squaredDistance } from '../../person/distance.js';
import type { VisitFactors } from '../../person/thresholds.js';
import { FALSE_MATCHES_MIN } from './calibrate.js';
import type { PersonPhotos } from './open-set.js';

/** Photos of a person that make one visit, at most: as many as the mean of a track has frames. */
const VISIT_MAX = 5;
/** With fewer there is no mean of three that could be one of several. */
const VISIT_MIN = 3;

/**
 * What one visit of a stranger is worth in single photos: the photos of one person, in their order, come to the first photo
 * of everybody else as the frames of a visit do, and the nearest of all means counts, against the first photo alone. Photos
 * of different days are less alike than frames of one visit, which errs on the strict side.
 * @param threshold squared distance at which both are counted
 * @returns undefined when fewer than {@link FALSE_MATCHES_MIN} first photos match: the ratio would be chance
 */
export function visitFactors(people: readonly PersonPhotos[], threshold: number): VisitFactors | undefined {
  const templates = people.map(({ photos, templates: made }) => {
    const photo = photos.find((one) => one !== undefined);
    return photo && (made?.get(photo) ?? photo);
  });
  let single = 0;
  const visits = [0, 0, 0];
  people.forEach(({ photos }, own) => {
    const frames = photos.filter((photo) => photo !== undefined).slice(0, VISIT_MAX);
    if (frames.length < VISIT_MIN) return;
    const means = frames.flatMap((_, i) => meanDirection(frames.slice(0, i + 1)) ?? []);
    templates.forEach((template, other) => {
      if (other === own || !template) return;
      const near = means.map((mean) => squaredDistance(mean, template) <= threshold);
      if (near[0]) single += 1;
      visits.forEach((_, fewest) => {
        if (near.slice(fewest).includes(true)) visits[fewest] = (visits[fewest] as number) + 1;
      });
    });
  });
  if (single < FALSE_MATCHES_MIN) return undefined;
  const [one, two, three] = visits.map((count) => Math.max(1, count / single)) as [number, number, number];
  return { '1': one, '2': two, '3': three };
}

/** The stricter of two, one by one: a site's few people say little about strangers. */
export const stricter = (own: VisitFactors, release: VisitFactors | undefined): VisitFactors => ({
  '1': Math.max(own['1'], release?.['1'] ?? 1),
  '2': Math.max(own['2'], release?.['2'] ?? 1),
  '3': Math.max(own['3'], release?.['3'] ?? 1),
});
