import type { EntryReader } from '../journal/reading/reader.js';
import { toldOf } from '../site/events/event-of.js';
import { RequestError } from '../site/messages.js';
import type { ArgsOf } from '../site/requests/verbs.js';

/** Pages of the journal that one request looks through: of the largest journal that can be configured a part. The answer says where to go on. */
const LOOKS_MAX = 8;

/**
 * Entries of this gate's journal, each as the event that it is told as; of what is not told, nothing that names anybody.
 * @throws RequestError not-allowed, where there is no journal; stale, while it cannot be opened
 */
export async function journalPage(reader: EntryReader | undefined, { from, since, limit }: ArgsOf<'journal'>) {
  if (!reader) throw new RequestError('not-allowed', 'this gate keeps no journal: journal.enabled');
  const { extent } = reader;
  if (!extent) throw new RequestError('failed', "the journal cannot be opened: see this gate's state");
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  const entries: object[] = [];
  const found = sinceMs === undefined ? 1 : await reader.fileSince(sinceMs);
  let after = Math.max(from ?? 1, found) - 1;
  for (let looks = 0; looks < LOOKS_MAX && entries.length < limit; looks++) {
    const page = await reader.page({ after, limit: limit - entries.length, sinceMs });
    entries.push(...page.entries.map(toldOf));
    if (!page.upTo) break;
    after = page.upTo.n;
  }
  const { last } = extent;
  return { first: await reader.first(), last, entries, next: after < last ? after + 1 : null };
}
