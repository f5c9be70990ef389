import { z } from 'zod';
import { choice, distance, measureOrNull, whole } from '../field.js';

/** Enrolment. */
export const peopleSection = z.strictObject({
  ids: choice(
    'How somebody enrolled without an id gets one: at random, so that it tells nothing of them once they are removed, or made from the name',
    ['random', 'names'],
    'random',
  ),
  duplicateDistance: measureOrNull(
    "A new face nearer than this to somebody else is refused as a duplicate; null takes the encoder's threshold",
    distance,
  ),
  maxTemplates: whole('Most photos kept as templates for one person', { unit: 'templates', min: 1, max: 10 }, 10),
});
