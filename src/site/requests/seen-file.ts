import { join } from 'node:path';
import { z } from 'zod';
import type { Opening } from '../../config/opening.js';
import { iso, wallMs } from '../../kit/clock.js';
import { StateFile } from '../../kit/files/state-file.js';
import { requestIdSchema } from '../messages.js';
import { SEEN_MAX, SeenRequests } from './seen-requests.js';

const schema = z.strictObject({
  schema: z.literal(1),
  /** When each accepted request expires. */
  requests: z
    .record(requestIdSchema, z.iso.datetime())
    .refine((all) => Object.keys(all).length <= SEEN_MAX, `at most ${SEEN_MAX} ids`),
  /** Requests that expire by then may have been forgotten. */
  forgotten: z.iso.datetime().optional(),
});

/** The ids of accepted requests, and how they are kept across a restart. */
export interface KeptRequests {
  readonly seen: SeenRequests;
  /** Writes them soon; nobody waits for it. */
  keep(): void;
}

/**
 * The ids from before the restart, in `requests.json` of the state folder: what was done before it is not done again, whatever the
 * clock shows after it. Where the file cannot be used they are not known, and that is logged.
 */
export async function openSeenRequests({
  paths,
  clock,
  log,
  endings,
}: Pick<Opening, 'paths' | 'clock' | 'log' | 'endings'>): Promise<KeptRequests> {
  const file = await endings.open(
    'the requests that were taken',
    () =>
      StateFile.openAnyway({
        file: join(paths.state, 'requests.json'),
        name: 'the requests that were taken',
        schema,
        empty: { schema: 1, requests: {} },
        delayMs: 0,
        clock,
        log,
      }),
    (opened) => opened.close(),
  );
  const seen = new SeenRequests(
    Object.entries(file.found.requests).map(([id, at]) => [id.toLowerCase(), Date.parse(at)]),
    SEEN_MAX,
    file.found.forgotten === undefined ? undefined : Date.parse(file.found.forgotten),
  );
  const requests = () => Object.fromEntries([...seen.all()].map(([id, ms]) => [id, iso(wallMs(ms))]));
  const forgotten = () => (Number.isFinite(seen.forgottenMs) ? { forgotten: iso(wallMs(seen.forgottenMs)) } : {});
  return { seen, keep: () => file.save(() => ({ schema: 1, requests: requests(), ...forgotten() })) };
}
