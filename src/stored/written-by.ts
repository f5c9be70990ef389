/** Which version of Kaimon wrote the state folder last, so that an older one can say what to install in its place. */
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, iso } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import type { DocumentFormat } from '../kit/files/format.js';
import type { Log } from '../kit/log.js';
import { VERSION } from '../kit/version.js';
import { prepareFolder } from '../store/store-folder.js';
import { readStored } from './read-stored.js';

export const WRITTEN_BY_FILE = 'written-by.json';
export const WRITTEN_BY_FORMAT: DocumentFormat = { name: 'the version that wrote last', key: 'schema', steps: [] };
export const writtenBySchema = z.strictObject({
  schema: z.literal(1),
  version: z.string().max(40),
  since: z.iso.datetime(),
});

/** The version; undefined where it is not known: before this file there was 0.1.0 alone. */
export async function writtenBy(state: string): Promise<string | undefined> {
  try {
    const bytes = await readStored(join(state, WRITTEN_BY_FILE));
    // Of a later format the version is all that is asked.
    return (
      bytes && z.object({ version: z.string().max(40) }).safeParse(JSON.parse(bytes.toString('utf8'))).data?.version
    );
  } catch {
    // Damaged or unreadable: the version stands only in a sentence, which then does without.
    return undefined;
  }
}

/** Notes that this version writes the folder from now on. A disk that refuses is only logged: a gate must start on a full one, too. */
export async function noteWrittenBy(
  state: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  if ((await writtenBy(state)) === VERSION) return;
  const content = { schema: 1, version: VERSION, since: iso(clock.wall()) };
  try {
    const file = join(state, WRITTEN_BY_FILE);
    await prepareFolder(file, log);
    await writeFileAtomic(file, [`${JSON.stringify(content)}\n`]);
  } catch (thrown) {
    log.warn({ why: explain(thrown) }, 'which version writes the state folder could not be noted');
  }
}
