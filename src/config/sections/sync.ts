import { z } from 'zod';
import { whole } from '../field.js';

/** People shared between gates. */
export const syncSection = z.strictObject({
  tombstoneDays: whole(
    'How long a removal is to be remembered; this version remembers for ever',
    { unit: 'days', min: 1, max: 3650 },
    400,
  ),
});
