import { z } from 'zod';
import { iso, wallMs } from '../../kit/clock.js';
import type { DocumentFormat } from '../../kit/files/format.js';
import { openStateFile, type StateFileSurroundings } from '../../kit/files/open-state-file.js';
import { requestIdSchema } from '../messages.js';
import { ForgottenRequests, SPANS_MAX } from './forgotten-requests.js';
import { SEEN_BOUNDS, SeenRequests } from './seen-requests.js';

/** The formats of requests.json. */
export const SEEN_FORMAT: DocumentFormat = { name: 'the requests that were taken', key: 'schema', steps: [] };

/** What it holds. */
export const seenSchema = z.strictObject({
  schema: z.literal(1),
  /** When each accepted request expires. */
  requests: z
    .record(requestIdSchema, z.iso.datetime())
    .refine((all) => Object.keys(all).length <= SEEN_BOUNDS.max, `at most ${SEEN_BOUNDS.max} ids`),
  /** When forgotten ids expired. */
  forgotten: z.array(z.iso.datetime()).max(SPANS_MAX).default([]),
  /** All that expires by then may have been forgotten. */
  forgottenUntil: z.iso.datetime().optional(),
  /** Until when what was made is refused, by verb and client. */
  barred: z.record(z.string(), z.iso.datetime()).optional(),
});

/** The ids of accepted requests, and how they are kept across a restart. */
export interface KeptRequests {
  readonly seen: SeenRequests;
  /** Writes them soon; nobody waits for it. */
  keep(): void;
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
    empty: { schema: 1, requests: {}, forgotten: [] },
    delayMs: 0,
  });
  const { found } = file;
  const seen = new SeenRequests(
    Object.entries(found.requests).map(([id, at]) => [id.toLowerCase(), Date.parse(at)]),
    SEEN_BOUNDS,
    new ForgottenRequests(
      found.forgotten.map((at) => Date.parse(at)),
      found.forgottenUntil === undefined ? undefined : Date.parse(found.forgottenUntil),
    ),
    Object.entries(found.barred ?? {}).map(([line, until]) => [line, Date.parse(until)]),
  );
  const at = (ms: number) => iso(wallMs(ms));
  const content = () => {
    const barred = [...seen.barred].map(([line, ms]) => [line, at(ms)] as const);
    return {
      schema: 1 as const,
      requests: Object.fromEntries([...seen.all()].map(([id, ms]) => [id, at(ms)])),
      forgotten: [...seen.forgotten.latest()].map(at),
      ...(Number.isFinite(seen.forgotten.untilMs) && { forgottenUntil: at(seen.forgotten.untilMs) }),
      ...(barred.length > 0 && { barred: Object.fromEntries(barred) }),
    };
  };
  return { seen, keep: () => file.save(content), kept: () => file.saveNow(content) };
}
