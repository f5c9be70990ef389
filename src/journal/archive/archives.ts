/** Journals that a restore has brought from another gate or has replaced: kept whole, never appended to, erased and purged like the gate's own. */
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../kit/clock.js';
import { messageOf, OperatingError } from '../../kit/errors.js';
import { cannotWrite } from '../../kit/files/atomic-file.js';
import { breathing } from '../../kit/files/breathing.js';
import { errnoOf } from '../../kit/files/errno.js';
import { removeFolderWiped } from '../../kit/files/wipe.js';
import type { Lines } from '../../kit/sealing/vault.js';
import { sealedAnew, withoutPerson, withoutSealedPerson } from '../erasing.js';
import { FileDisk } from '../file-disk.js';
import { HEAD_FILE } from '../head.js';
import { readMark } from '../recovery.js';
import { PERSONAL_FOLDER } from '../segment.js';
import { type JournalWriter, journalOver } from '../writer.js';

export const ARCHIVES = 'journal-archive';
/** How many entries of an archive were erased there: no line can be added to a journal that another gate has signed. */
export const ERASED_FILE = 'erased.json';
/** An archive was removed, being too old. */
export const ARCHIVE_PURGED = 'archive-purged';

const erasedSchema = z.strictObject({ schema: z.literal(1), entries: z.int().min(0) });

export const archiveFolder = (state: string, name: string): string => join(state, ARCHIVES, name);

/** The names of all archives. @throws OperatingError KAIMON_FILE_READ */
export async function archiveNames(state: string): Promise<readonly string[]> {
  const found = await fs.readdir(join(state, ARCHIVES), { withFileTypes: true }).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${join(state, ARCHIVES)}: ${messageOf(cause)}`, {
      cause,
    });
  });
  return found
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** How many entries of an archive were erased since it is one. */
export async function erasedInArchive(disk: FileDisk): Promise<number> {
  const bytes = await disk.read(ERASED_FILE);
  if (!bytes) return 0;
  try {
    return erasedSchema.parse(JSON.parse(bytes.toString('utf8'))).entries;
  } catch {
    // Then `audit verify` reports what is gone.
    return 0;
  }
}

/** The journal of a gate whose erasing and purging reach its archives, too. */
export function withArchives(
  journal: JournalWriter,
  state: string,
  { maxAgeMs, clock, seals }: { readonly maxAgeMs: number; readonly clock: Clock; readonly seals: Lines },
): JournalWriter {
  return journalOver(journal, {
    erase: async (person) => {
      let count = await journal.erase(person);
      for (const name of await archiveNames(state)) count += await eraseIn(archiveFolder(state, name), person, seals);
      return count;
    },
    purge: async (clockTrusted) => {
      const count = await journal.purge(clockTrusted);
      if (clockTrusted) await purgeArchives(state, clock.wall() - maxAgeMs, journal);
      return count;
    },
    renewSeals: async () => {
      let count = await journal.renewSeals();
      for (const name of await archiveNames(state)) count += await renewIn(archiveFolder(state, name), seals);
      return count;
    },
  });
}

/** First the number, then the lines: what is gone without it looks like tampering. */
async function eraseIn(folder: string, person: string, seals: Lines): Promise<number> {
  const disk = new FileDisk(folder);
  let count = 0;
  for (const { name } of await disk.list()) {
    if (!name.startsWith(`${PERSONAL_FOLDER}/`)) continue;
    const plain = withoutPerson((await disk.read(name)) ?? Buffer.alloc(0), person);
    const { bytes, count: sealed } = await breathing(withoutSealedPerson(plain.bytes, person, seals));
    const erased = plain.count + sealed;
    if (erased === 0) continue;
    const entries = (await erasedInArchive(disk)) + erased;
    await disk.replace(ERASED_FILE, Buffer.from(`${JSON.stringify({ schema: 1, entries })}\n`));
    await disk.replace(name, bytes);
    count += erased;
  }
  return count;
}

/** A restored journal is plain until then. */
async function renewIn(folder: string, seals: Lines): Promise<number> {
  const disk = new FileDisk(folder);
  let count = 0;
  for (const { name } of await disk.list()) {
    if (!name.startsWith(`${PERSONAL_FOLDER}/`)) continue;
    const renewed = await breathing(sealedAnew((await disk.read(name)) ?? Buffer.alloc(0), seals));
    if (renewed.count > 0) await disk.replace(name, renewed.bytes);
    count += renewed.count;
  }
  return count;
}

async function purgeArchives(state: string, beforeMs: number, journal: JournalWriter): Promise<void> {
  for (const name of await archiveNames(state)) {
    const folder = archiveFolder(state, name);
    const head = await readMark(new FileDisk(folder), HEAD_FILE);
    // One without a head tells no time: it stays, and `audit verify` says so.
    if (!head || Date.parse(head.time) >= beforeMs) continue;
    await journal.append({ type: ARCHIVE_PURGED, fields: { archive: name, lastN: head.n, lastHash: head.hash } });
    try {
      await removeFolderWiped(folder);
    } catch (cause) {
      throw cannotWrite(folder, cause);
    }
  }
}
