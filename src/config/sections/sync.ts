import { z } from 'zod';
import { whole } from '../field.js';

/** People shared between gates. */
export const syncSection = z.strictObject({
  tombstoneDays: whole(
    'How long a removal is remembered, at every gate of the site alike; a gate that was not in sync for longer knows nobody until it has read the people from the broker',
    { unit: 'days', min: 1, max: 3650 },
    400,
  ),
});
