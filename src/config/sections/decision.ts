import { z } from 'zod';
import { between, choice, distance, measure, measureOrNull, milliseconds, whole } from '../field.js';

/** From what was seen to yes or no. */
export const decisionSection = z
  .strictObject({
    targetFpir: measure(
      'Share of strangers that may be taken for somebody in one visit, from which the threshold follows; the gate aims at a quarter of it, since sets of photos are not your door',
      { unit: 'rate', min: 0.000001, max: 0.5 },
      0.003,
    ),
    threshold: measureOrNull(
      "Greatest distance that counts as the same person, by hand; null follows the encoder's measured curve",
      distance,
    ),
    margin: measure('How much nearer the best person must be than the second best', distance, 0.1),
    agree: whole('Fewest usable frames whose mean may mean a person', { unit: 'frames', min: 1, max: 30 }, 2),
    of: whole('Out of how many last frames of the same face', { unit: 'frames', min: 1, max: 30 }, 5),
    maxAgeMs: whole('Evidence older than this never opens', milliseconds(100, 10_000), 1000),
    cooldownMs: whole(
      'After an opening the same person opens again only after this long',
      milliseconds(0, 600_000),
      5000,
    ),
    faces: choice(
      'Several people at once: judge only the nearest, open if all are known, or refuse while a stranger is there',
      ['nearest-only', 'all-known', 'deny-if-stranger'],
      'nearest-only',
    ),
  })
  .refine(
    ({ agree, of }) => agree <= of,
    between(['agree', 'of'], 'agree', 'decision.agree must not be above decision.of'),
  );
