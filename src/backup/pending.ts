/**
 * The end of a restore: a folder with all files as they shall be, and the plan of where they go. Once the folder has its last name the restore
 * has happened; what is left are renames, which whoever comes next finishes: the restore itself, or the start of the daemon after a power cut.
 */
import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config/config.js';
import { readSecret } from '../config/secret.js';
import { segmentNames } from '../journal/audit/audit.js';
import { fieldsSchema } from '../journal/entry.js';
import { FileDisk, journalFolder } from '../journal/file-disk.js';
import { openJournalOf } from '../journal/open-journal.js';
import { RESTORED } from '../journal/writer.js';
import type { Clock } from '../kit/clock.js';
import { explain, OperatingError } from '../kit/errors.js';
import { cannotWrite, ownLikeFolder, syncFolder } from '../kit/files/atomic-file.js';
import { errnoOf } from '../kit/files/errno.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { removeFolderWiped } from '../kit/files/wipe.js';
import { WriterLock } from '../kit/files/writer-lock.js';
import type { Log } from '../kit/log.js';
import { FINISHED, PENDING, STAGED } from '../store/people-file.js';
import { PEOPLE_LOCK } from '../store/people-options.js';
import { PEOPLE_FILE } from '../stored/documents.js';
import { readStored } from '../stored/read-stored.js';
import { refuseForeign } from './own-user.js';

const PLAN_FILE = 'plan.json';

const pathSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/)
  .refine((path) => !path.includes('..'));

export const planSchema = z.strictObject({
  schema: z.literal(1),
  moves: z.array(
    z.strictObject({
      /** In the folder of the restore; null: nothing comes in its place. */
      from: pathSchema.nullable(),
      /** In the state folder. */
      to: pathSchema,
      /** Where in the state folder what is there goes; null: it is removed. */
      aside: pathSchema.nullable(),
    }),
  ),
  /** The fields of the entry `restored` of the journal; `id` tells it from others. */
  entry: fieldsSchema,
});
export type RestorePlan = Readonly<z.infer<typeof planSchema>>;

interface FinishParts {
  readonly journal: Config['journal'];
  readonly clock: Clock;
  readonly log: Log;
}

/** The restore happens now. @throws OperatingError KAIMON_FILE_WRITE: it has not */
export async function commit(state: string, plan: RestorePlan): Promise<void> {
  const staged = join(state, STAGED);
  try {
    await writeSynced(join(staged, PLAN_FILE), `${JSON.stringify(plan)}\n`);
    await syncAll(staged);
    await fs.rename(staged, join(state, PENDING));
    await syncFolder(state);
  } catch (cause) {
    throw errnoOf(cause) === undefined ? cause : cannotWrite(join(state, PENDING), cause);
  }
}

/**
 * Finishes a restore that a kill or a power cut has interrupted, if there is one.
 * @returns whether there was one @throws OperatingError KAIMON_PEOPLE_LOCKED while the restore still runs; KAIMON_FILE_WRITE, KAIMON_FILE_READ
 */
export async function finishInterrupted(state: string, parts: FinishParts): Promise<boolean> {
  if (!(await exists(join(state, PENDING)))) return false;
  const lock = await WriterLock.take(join(state, `${PEOPLE_FILE}.lock`), parts.log, PEOPLE_LOCK);
  try {
    if (!(await exists(join(state, PENDING)))) return false;
    parts.log.warn({ state }, 'a restore was interrupted: finishing it');
    await finish(state, parts);
    return true;
  } finally {
    await lock.release();
  }
}

/** Does what is left of the plan; may be repeated from any point. Only while the people store is locked. */
export async function finish(state: string, parts: FinishParts): Promise<void> {
  // Folder and plan are that user's: with root, links in there could lead anywhere.
  await refuseForeign(state);
  const pending = join(state, PENDING);
  const plan = await planOf(join(pending, PLAN_FILE));
  try {
    await removeFolderWiped(join(state, FINISHED));
    // Without its plan only the end of a restore is left to do.
    for (const move of plan?.moves ?? []) await take(state, move);
    if (plan) await note(state, plan, parts);
    // Away in one step: a folder that is half gone must not be taken for a restore.
    await fs.rename(pending, join(state, FINISHED));
    await syncFolder(state);
    await removeFolderWiped(join(state, FINISHED));
  } catch (cause) {
    throw errnoOf(cause) === undefined ? cause : cannotWrite(pending, cause);
  }
}

/** @throws OperatingError KAIMON_RESTORE_PENDING where it cannot be understood */
async function planOf(path: string): Promise<RestorePlan | undefined> {
  const bytes = await readStored(path);
  try {
    return bytes && planSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const why = `${path} is damaged, and the restore of it cannot be finished: move ${dirname(path)} away and restore anew with --replace`;
    throw new OperatingError('KAIMON_RESTORE_PENDING', why, { cause });
  }
}

/** Removes what an interrupted restore has left and nothing needs any more; a restore that is at work is let be. What cannot go is logged. */
export async function clearLeft(state: string, log: Log): Promise<void> {
  const left = [join(state, STAGED), join(state, FINISHED)];
  if (!(await Promise.all(left.map(exists))).includes(true)) return;
  try {
    const lock = await WriterLock.take(join(state, `${PEOPLE_FILE}.lock`), log, PEOPLE_LOCK);
    try {
      for (const folder of left) await removeFolderWiped(folder);
    } finally {
      await lock.release();
    }
  } catch (thrown) {
    log.warn({ why: explain(thrown) }, 'what an interrupted restore has left could not be removed');
  }
}

async function take(state: string, { from, to, aside }: RestorePlan['moves'][number]): Promise<void> {
  const source = from === null ? undefined : join(state, PENDING, from);
  // Gone: it was moved before the kill, and what is at its place is the new one.
  if (source !== undefined && !(await exists(source))) return;
  const target = join(state, to);
  if (await exists(target)) {
    if (aside === null) await removeFolderWiped(target);
    else {
      await makeOwnFolder(dirname(join(state, aside)), state);
      await fs.rename(target, join(state, aside));
      await syncFolder(dirname(join(state, aside)));
    }
    await syncFolder(dirname(target));
  }
  if (source === undefined) return;
  await makeOwnFolder(dirname(target), state);
  await fs.rename(source, target);
  await syncFolder(dirname(target));
}

/** Writes the entry that marks the seam, unless the kill came after it. */
async function note(
  state: string,
  { entry }: RestorePlan,
  { journal: wanted, clock, log }: FinishParts,
): Promise<void> {
  if (!wanted.enabled || (await isNoted(state, entry['id']))) return;
  // With sudo the folders would be root's, and the daemon could not write them.
  await makeOwnFolder(join(journalFolder(state), 'personal'), state);
  const journal = await openJournalOf({ ...wanted, keyFile: usableKey(wanted.keyFile, log) }, state, { clock, log });
  void journal.append({ type: RESTORED, fields: entry });
  await journal.close();
  if (await isNoted(state, entry['id'])) return;
  throw new OperatingError(
    'KAIMON_FILE_WRITE',
    `the journal did not take the note of the restore: ${journal.fault ?? ''}`,
  );
}

/** A key that only the service can read signs the head when the daemon writes it next. */
function usableKey(keyFile: string | null, log: Log): string | null {
  if (keyFile === null) return null;
  try {
    readSecret(keyFile, 'journal.keyFile', process.env);
    return keyFile;
  } catch (thrown) {
    log.warn({ why: explain(thrown) }, "the journal's head is signed at the next start of the daemon only");
    return null;
  }
}

async function isNoted(state: string, id: unknown): Promise<boolean> {
  const disk = new FileDisk(journalFolder(state));
  for (const name of (await segmentNames(disk)).slice(-2)) {
    if ((await disk.read(name))?.includes(`"id":${JSON.stringify(id)}`)) return true;
  }
  return false;
}

/** Whoever writes people or journal would write what is about to be replaced. @throws OperatingError KAIMON_RESTORE_PENDING */
export async function refusePending(state: string): Promise<void> {
  if (!(await exists(join(state, PENDING)))) return;
  const why = `a restore was interrupted (${join(state, PENDING)}): start the daemon, which finishes it, then repeat this`;
  throw new OperatingError('KAIMON_RESTORE_PENDING', why);
}

const exists = (path: string): Promise<boolean> =>
  fs.lstat(path).then(
    () => true,
    (thrown: unknown) => {
      if (errnoOf(thrown) === 'ENOENT') return false;
      throw thrown;
    },
  );

/** Makes a folder and those above it, up to the state folder, for the owner of that one alone. */
export async function makeOwnFolder(folder: string, state: string): Promise<void> {
  if ((await makeFolder(folder, 0o700)) === undefined) return;
  for (let at = dirname(folder); ; at = dirname(at)) {
    await syncFolder(at);
    if (at === state || at === dirname(at)) return;
  }
}

/** Writes a new file for the owner of its folder. */
export async function writeSynced(
  path: string,
  content: AsyncIterable<Uint8Array> | string | Uint8Array,
): Promise<void> {
  const handle = await fs.open(path, 'wx', 0o600);
  try {
    await ownLikeFolder(handle);
    if (typeof content === 'string' || content instanceof Uint8Array) await handle.writeFile(content);
    else for await (const chunk of content) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names of all files below a folder durable. */
async function syncAll(folder: string): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncAll(join(folder, entry.name));
  await syncFolder(folder);
}
