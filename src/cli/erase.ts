import { existsSync } from 'node:fs';
import { journalFolder } from '../journal/file-disk.js';
import { openJournalOf } from '../journal/open-journal.js';
import { type JournalWriter, journalOff } from '../journal/writer.js';
import { systemClock as clock } from '../kit/system-clock.js';
import { forgetPassage } from '../passback/passages-file.js';
import { personIdSchema } from '../person/person.js';
import { eraseCopies } from '../store/erase-copies.js';
import type { Context } from './context.js';
import { personNamed, unknownPerson, withStore } from './people-source.js';

export interface Erased {
  readonly id: string;
  /** The removal's version; null where the person was removed before. */
  readonly version: string | null;
  /** Entries of the journal that named the person. */
  readonly erased: number;
}

/**
 * Removes a person and every copy on this disk that still names or shows them. May be repeated after a failure half-way, and for
 * people who were removed long ago.
 * @throws OperatingError KAIMON_PERSON_UNKNOWN, KAIMON_PEOPLE_LOCKED, KAIMON_JOURNAL_LOCKED, KAIMON_JOURNAL_KEY: nothing was changed;
 *   KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated
 */
export function erasePerson(context: Context, encoder: string, wanted: string): Promise<Erased> {
  const { paths, vault, log } = context;
  return withStore(context, encoder, async (store) => {
    // What may refuse comes first.
    const journal = await journalOf(context);
    try {
      // Ids come before names, also ids of removed people: asked again, an id must not mean another person of that name.
      const id = store.everUsed(wanted) ? wanted : (personNamed([...store.all()], wanted)?.id ?? wanted);
      if (!personIdSchema.safeParse(id).success) throw nobody(wanted);
      const known = store.everUsed(id);
      const version = (await store.remove(id, 'cli')) ?? null;
      const placed = await forgetPassage(paths.state, id, { clock, log, vault });
      const erased = await journal.erase(id);
      if (!known && !placed && erased === 0) throw nobody(wanted);
      await eraseCopies(store, paths, clock);
      return { id, version, erased };
    } finally {
      await journal.close();
    }
  });
}

const nobody = (wanted: string) =>
  unknownPerson(`nobody is or was enrolled as "${wanted}", and nothing here names that id: see "kaimon people list"`);

/** The journal that is there, whether or not the configuration goes on with it. */
export async function journalOf({ config, paths, vault, log }: Context): Promise<JournalWriter> {
  if (!existsSync(journalFolder(paths.state))) return journalOff;
  return openJournalOf({ ...config.journal, enabled: true }, paths.state, { vault, clock, log });
}
