/** Opens the journal as the configuration wants it. */
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { Opening } from '../config/opening.js';
import { readSecret, secretPath } from '../config/secret.js';
import type { Clock } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { type LockedResource, WriterLock } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import { type Lines, Vault } from '../kit/sealing/vault.js';
import { withArchives } from './archive/archives.js';
import { budgeted } from './chatter/budgeted.js';
import { FileDisk, journalFolder } from './file-disk.js';
import { FileJournal } from './file-journal.js';
import { signerOf } from './signing.js';
import { type JournalWriter, journalOff } from './writer.js';

const MEGABYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60_000;

/** The journal, for its writer lock. */
export const JOURNAL_LOCK: LockedResource = {
  code: 'KAIMON_JOURNAL_LOCKED',
  name: 'journal',
  advice: 'stop the daemon first',
};

/** The gate's journal. @throws OperatingError as {@link openJournalOf} */
export const openJournal = ({ config, paths, vault, clock, log, endings }: Opening): Promise<JournalWriter> =>
  endings.open(
    'the journal',
    () => openJournalOf(config.journal, paths.state, { vault, clock, log }),
    (journal, leftMs) => journal.close(leftMs),
    { saves: true },
  );

/**
 * The journal in the state folder, or one that keeps nothing where the configuration turns it off.
 * @param state the state folder
 * @throws OperatingError KAIMON_JOURNAL_LOCKED; whatever else keeps it from being written is its `fault`
 */
export async function openJournalOf(
  { enabled, maxAgeDays, maxMegabytes, segmentMegabytes, keyFile }: Config['journal'],
  state: string,
  { vault = Vault.plain(), clock, log }: { readonly vault?: Vault; readonly clock: Clock; readonly log: Log },
): Promise<JournalWriter> {
  if (!enabled) return journalOff;
  const folder = journalFolder(state);
  const signer =
    keyFile === null
      ? undefined
      : () => signerOf(readSecret(keyFile, 'journal.keyFile', process.env), secretPath(keyFile, process.env));
  const maxAgeMs = maxAgeDays * DAY_MS;
  const seals = journalLines(vault);
  const own = await FileJournal.open({
    disk: new FileDisk(folder),
    lock: () => WriterLock.take(join(folder, 'lock'), log, JOURNAL_LOCK),
    clock,
    log,
    signer,
    seals,
    segmentBytes: segmentMegabytes * MEGABYTE,
    policy: { maxAgeMs, maxBytes: maxMegabytes * MEGABYTE },
  });
  const journal = withArchives(budgeted(own, clock), state, { maxAgeMs, clock, seals });
  // In the background: the entries of a whole year may be plain, and nothing waits for them.
  if (vault.seals && !vault.fault)
    void journal.renewSeals().then(
      (entries) => entries > 0 && log.info({ entries }, 'the personal part of the journal is sealed'),
      (thrown: unknown) =>
        log.warn({ why: explain(thrown) }, 'the journal is not all sealed yet; the next start goes on'),
    );
  return journal;
}

/** How the personal fields of a gate's journal are sealed. */
export const journalLines = (vault: Vault): Lines => vault.lines('journal');
