import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../config/opening.js';
import type { Clock } from '../kit/clock.js';
import type { DocumentFormat } from '../kit/files/format.js';
import { StateFile } from '../kit/files/state-file.js';
import type { Log } from '../kit/log.js';
import { Vault } from '../kit/sealing/vault.js';
import { PEOPLE_MAX, personIdSchema } from '../person/person.js';
import { NO_COUNTS } from './passage-detection.js';
import { passageSchema } from './passback.js';

/** The formats of passages.json. */
export const PASSAGES_FORMAT: DocumentFormat = { name: 'passages', key: 'schema', steps: [] };

const count = z.int().min(0).default(0);

/** What a restart must not forget: `passages.json` in the state folder. */
export const passagesSchema = z.strictObject({
  schema: z.literal(1),
  counts: z.strictObject({ granted: count, others: count, free: count }),
  passages: z.record(personIdSchema, passageSchema).refine((all) => Object.keys(all).length <= PEOPLE_MAX),
});
export type PassagesDocument = z.infer<typeof passagesSchema>;
export const NO_PASSAGES: PassagesDocument = { schema: 1, counts: NO_COUNTS, passages: {} };

/** Passages are frequent and losing one matters little: other gates and the broker remember it. */
const SAVE_MS = 2_000;

interface FileParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Default: nothing is sealed. */
  readonly vault?: Vault | undefined;
  readonly warnings?: string[];
}

const fileOf = (state: string, { clock, log, vault = Vault.plain(), warnings }: FileParts) => ({
  file: join(state, 'passages.json'),
  name: 'passages',
  lost: 'who is inside is not known, anti-passback and the counts begin anew',
  schema: passagesSchema,
  format: PASSAGES_FORMAT,
  empty: NO_PASSAGES,
  delayMs: SAVE_MS,
  sealed: { vault, purpose: 'passages' },
  clock,
  log,
  warnings,
});

/** Opens the file of the state folder. @throws OperatingError KAIMON_FILE_READ, KAIMON_FILE_WRITE */
export const openPassages = (state: string, parts: Omit<FileParts, 'warnings'>): Promise<StateFile<PassagesDocument>> =>
  StateFile.open(fileOf(state, parts));

/** The passages from before the restart, as far as they can be had; saved at the end. */
export const openPassagesFile = ({
  paths,
  vault,
  clock,
  log,
  endings,
  warnings,
}: Opening): Promise<StateFile<PassagesDocument>> =>
  endings.open(
    'the passages',
    () => StateFile.openAnyway(fileOf(paths.state, { clock, log, vault, warnings })),
    (file, leftMs) => file.close(leftMs),
    { saves: true },
  );

/** Takes one person out of the file of a gate that does not run. @returns whether the person was in it @throws OperatingError KAIMON_FILE_READ, KAIMON_FILE_WRITE */
export async function forgetPassage(state: string, id: string, parts: Omit<FileParts, 'warnings'>): Promise<boolean> {
  const file = await openPassages(state, parts);
  const known = Object.hasOwn(file.found.passages, id);
  const passages = Object.fromEntries(Object.entries(file.found.passages).filter(([other]) => other !== id));
  try {
    if (known) await file.saveNow(() => ({ ...file.found, passages }));
    return known;
  } finally {
    // Otherwise a failed write would be tried again and again.
    await file.close();
  }
}
