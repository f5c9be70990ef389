/** The list of keys that a gate has taken last, in `keys.json` of its state folder: it is older than any that the broker may give it. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../config/opening.js';
import type { DocumentFormat } from '../kit/files/format.js';
import { StateFile } from '../kit/files/state-file.js';

export const TRUST_FILE = 'keys.json';
export const TRUST_FORMAT: DocumentFormat = { name: 'the list of keys', key: 'schema', steps: [] };

/** What it holds; the list itself is checked, with its signature, by the keyring. */
export const trustFileSchema = z.strictObject({
  schema: z.literal(1),
  list: z.record(z.string(), z.unknown()).nullable(),
});
type Content = z.infer<typeof trustFileSchema>;

export const openTrustFile = ({
  paths,
  clock,
  log,
  endings,
  warnings,
}: Pick<Opening, 'paths' | 'clock' | 'log' | 'endings' | 'warnings'>): Promise<StateFile<Content>> =>
  endings.open(
    'the list of keys',
    () =>
      StateFile.openAnyway<Content>({
        file: join(paths.state, TRUST_FILE),
        name: 'the list of keys',
        lost: 'nobody is trusted before the broker has given the list anew, and an older one cannot be told from it',
        schema: trustFileSchema,
        format: TRUST_FORMAT,
        empty: { schema: 1, list: null },
        delayMs: 0,
        clock,
        log,
        warnings,
      }),
    (opened, leftMs) => opened.close(leftMs),
    { saves: true },
  );
