/** The list of keys that a gate has taken last, in `keys.json` of its state folder: it is older than any that the broker may give it. */
import { z } from 'zod';
import type { DocumentFormat } from '../kit/files/format.js';
import { openStateFile, type StateFileSurroundings } from '../kit/files/open-state-file.js';
import type { StateFile } from '../kit/files/state-file.js';

export const TRUST_FILE = 'keys.json';
export const TRUST_FORMAT: DocumentFormat = { name: 'the list of keys', key: 'schema', steps: [] };

/** What it holds; the list itself is checked, with its signature, by the keyring. */
export const trustFileSchema = z.strictObject({
  schema: z.literal(1),
  list: z.record(z.string(), z.unknown()).nullable(),
});
type Content = z.infer<typeof trustFileSchema>;

export const openTrustFile = (surroundings: StateFileSurroundings): Promise<StateFile<Content>> =>
  openStateFile<Content>(surroundings, {
    file: TRUST_FILE,
    name: TRUST_FORMAT.name,
    lost: 'nobody is trusted before the broker has given the list anew, and an older one cannot be told from it',
    schema: trustFileSchema,
    format: TRUST_FORMAT,
    empty: { schema: 1, list: null },
    delayMs: 0,
  });
