import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { journalFolder } from '../journal/file-disk.js';
import { type JournalWriter, journalOff } from '../journal/writer.js';
import { OperatingError } from '../kit/errors.js';
import { systemClock as clock } from '../kit/system-clock.js';
import { personIdSchema } from '../person/person.js';
import { openJournal } from '../service/journal-keeper.js';
import { forgetPassage, PASSAGES_FILE } from '../service/whereabouts-keeper.js';
import { lastGoodOf } from '../store/people-file.js';
import type { PeopleStore } from '../store/people-store.js';
import type { Context } from './context.js';
import { findPerson, withStore } from './people-source.js';

export interface Erased {
  readonly id: string;
  /** The removal's version; null where the person was removed before. */
  readonly version: string | null;
  /** Entries of the journal that named the person. */
  readonly erased: number;
}

/**
 * Removes somebody and every copy on this disk that still names or shows the person. May be repeated: after a failure half-way, and for
 * somebody who was removed long ago.
 * @throws OperatingError KAIMON_PERSON_UNKNOWN, KAIMON_PEOPLE_LOCKED, KAIMON_JOURNAL_LOCKED, KAIMON_JOURNAL_KEY: nothing was changed;
 *   KAIMON_FILE_WRITE, KAIMON_FILE_READ: to be repeated
 */
export function erasePerson(context: Context, encoder: string, wanted: string): Promise<Erased> {
  return withStore(context, encoder, async (store) => {
    // What may refuse comes first.
    const journal = await journalOf(context);
    try {
      const id = idOf(store, wanted);
      const known = store.everUsed(id);
      // Of somebody whose removal is forgotten by now only the journal can tell.
      const named = known ? 0 : await journal.erase(id);
      if (!known && named === 0) throw unknown(wanted);
      const version = (await store.remove(id, 'cli')) ?? null;
      await removeCopies(context);
      await forgetPassage(context.paths.state, id, { clock, log: context.log });
      return { id, version, erased: named + (await journal.erase(id)) };
    } finally {
      await journal.close();
    }
  });
}

/** Also of somebody who is enrolled no more: then only the id says who is meant. */
function idOf(store: PeopleStore, wanted: string): string {
  try {
    return findPerson([...store.all()], wanted).id;
  } catch (thrown) {
    if (personIdSchema.safeParse(wanted).success) return wanted;
    throw thrown;
  }
}

const unknown = (wanted: string) =>
  new OperatingError(
    'KAIMON_PERSON_UNKNOWN',
    'usage',
    `nobody is or was enrolled as "${wanted}", and no entry of the journal names that id: see "kaimon people list"`,
  );

async function journalOf({ config, paths, log }: Context): Promise<JournalWriter> {
  if (!existsSync(journalFolder(paths.state))) return journalOff;
  return openJournal({ ...config.journal, enabled: true }, paths.state, { clock, log });
}

/** The copy of the time before and files set aside still hold the templates or whereabouts, the voice's cache the spoken name. */
async function removeCopies({ peopleFile, paths }: Context): Promise<void> {
  const folder = dirname(peopleFile);
  const damaged = [basename(peopleFile), PASSAGES_FILE].map((name) => `${name}.corrupt-`);
  const setAside = (await readdir(folder)).filter((name) => damaged.some((start) => name.startsWith(start)));
  for (const file of [
    lastGoodOf(peopleFile),
    ...setAside.map((name) => join(folder, name)),
    join(paths.cache, 'voice'),
  ])
    await rm(file, { force: true, recursive: true });
}
