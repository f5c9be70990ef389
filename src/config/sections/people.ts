import { z } from 'zod';
import { distance, measureOrNull, whole } from '../field.js';

/** Enrolment. */
export const peopleSection = z.strictObject({
  duplicateDistance: measureOrNull(
    "A new face nearer than this to somebody else is refused as a duplicate; null takes the encoder's threshold",
    distance,
  ),
  maxTemplates: whole('Most photos kept as templates for one person', { unit: 'templates', min: 1, max: 10 }, 10),
});
