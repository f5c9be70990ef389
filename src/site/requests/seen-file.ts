import { z } from 'zod';
import { iso, wallMs } from '../../kit/clock.js';
import { addsKeys, type DocumentFormat } from '../../kit/files/format.js';
import { openStateFile, type StateFileSurroundings } from '../../kit/files/open-state-file.js';
import { requestIdSchema } from '../messages.js';
import { ForgottenRequests, SPANS_MAX } from './forgotten-requests.js';
import { LINES_MAX, MARKS_MAX, type Mark, RefusedRequests } from './refused-requests.js';
import { SEEN_BOUNDS, SeenRequests } from './seen-requests.js';

/** The formats of requests.json. 2: what was signed and refused. A version that dropped it would do such a request after all. */
export const SEEN_FORMAT: DocumentFormat = { name: 'the requests that were taken', key: 'schema', steps: [addsKeys] };

/** So long after a refusal the disk has it at the latest: whoever is refused without end must not wear the disk out. */
const SOON_MS = 5_000;

const markSchema = z.union([
  z.strictObject({ made: z.iso.datetime(), id: requestIdSchema }),
  z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }),
]);

/** What it holds. */
export const seenSchema = z.strictObject({
  schema: z.literal(2),
  /** When each accepted request expires. */
  requests: z
    .record(requestIdSchema, z.iso.datetime())
    .refine((all) => Object.keys(all).length <= SEEN_BOUNDS.max, `at most ${SEEN_BOUNDS.max} ids`),
  /** When forgotten ids expired. */
  forgotten: z.array(z.iso.datetime()).max(SPANS_MAX).default([]),
  /** All that expires by then may have been forgotten. */
  forgottenUntil: z.iso.datetime().optional(),
  /** By verb and client: a request that was signed and refused, or a time in which several were made. */
  refused: z
    .record(z.string(), z.array(markSchema).max(MARKS_MAX))
    .refine((all) => Object.keys(all).length <= LINES_MAX, `at most ${LINES_MAX} verbs of clients`)
    .optional(),
});

/** The ids of accepted requests, and how they are kept across a restart. */
export interface KeptRequests {
  readonly seen: SeenRequests;
  /** Writes them now; nobody waits for it. */
  keep(): void;
  /** Writes them within a few seconds, all that comes until then together. */
  keepSoon(): void;
  /** Resolves when they are on the disk. Rejects with the error of the disk. */
  kept(): Promise<void>;
}

/**
 * The ids from before the restart, in `requests.json` of the state folder: what was done before it is not done again, whatever the
 * clock shows after it. Where the file cannot be used they are not known, and that is logged.
 */
export async function openSeenRequests(surroundings: StateFileSurroundings): Promise<KeptRequests> {
  const file = await openStateFile<z.infer<typeof seenSchema>>(surroundings, {
    file: 'requests.json',
    name: SEEN_FORMAT.name,
    lost: 'what was asked before this start is refused by its time alone',
    schema: seenSchema,
    format: SEEN_FORMAT,
    empty: { schema: 2, requests: {}, forgotten: [] },
    delayMs: SOON_MS,
  });
  const { found } = file;
  const seen = new SeenRequests(
    Object.entries(found.requests).map(([id, at]) => [id.toLowerCase(), Date.parse(at)]),
    SEEN_BOUNDS,
    new ForgottenRequests(
      found.forgotten.map((at) => Date.parse(at)),
      found.forgottenUntil === undefined ? undefined : Date.parse(found.forgottenUntil),
    ),
    new RefusedRequests(Object.entries(found.refused ?? {}).map(([line, marks]) => [line, marks.map(markOf)])),
  );
  const content = () => {
    const refused = [...seen.refused.all].map(([line, marks]) => [line, marks.map(storedMark)] as const);
    return {
      schema: 2 as const,
      requests: Object.fromEntries([...seen.all()].map(([id, ms]) => [id, at(ms)])),
      forgotten: [...seen.forgotten.latest()].map(at),
      ...(Number.isFinite(seen.forgotten.untilMs) && { forgottenUntil: at(seen.forgotten.untilMs) }),
      ...(refused.length > 0 && { refused: Object.fromEntries(refused) }),
    };
  };
  return {
    seen,
    // The file logs a failure and tries again.
    keep: () => void file.saveNow(content).catch(() => undefined),
    keepSoon: () => file.save(content),
    kept: () => file.saveNow(content),
  };
}

type StoredMark = z.infer<typeof markSchema>;

const at = (ms: number): string => iso(wallMs(ms));

const storedMark = ({ from, to, id }: Mark): StoredMark =>
  id === undefined ? { from: at(from), to: at(to) } : { made: at(from), id };

const markOf = (stored: StoredMark): Mark => {
  if ('from' in stored) return { from: Date.parse(stored.from), to: Date.parse(stored.to), id: undefined };
  const madeMs = Date.parse(stored.made);
  return { from: madeMs, to: madeMs, id: stored.id.toLowerCase() };
};
