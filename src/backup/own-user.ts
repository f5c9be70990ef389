/** Work in a folder that belongs to another user is that user's work, also where root has begun it: links in there must lead nowhere that user cannot go. */
import { promises as fs } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';

/**
 * With root, becomes the user to whom the folder belongs (or, where it is not there yet, the one above it), for good and in all threads. What only
 * root can read must be open by then.
 * @throws OperatingError KAIMON_FILE_READ, KAIMON_OWN_USER
 */
export async function becomeOwnerOf(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await ownerOf(resolve(folder));
  if (uid === 0) return;
  try {
    process.setgroups?.([gid]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (cause) {
    // Node.js that shares the libuv of its distribution (Debian 13) forbids it, CVE-2024-22017.
    const how = `setpriv --reuid=${uid} --regid=${gid} --clear-groups kaimon …, with backup, keys and configuration readable for it`;
    const why = `${folder} belongs to the user ${uid}, and this Node.js cannot become another user: run the same as that user: ${how}`;
    throw new OperatingError('KAIMON_OWN_USER', why, { cause });
  }
}

/** @throws OperatingError KAIMON_RESTORE_PENDING where root would work in another user's folder */
export async function refuseForeign(folder: string): Promise<void> {
  if (process.getuid?.() !== 0 || (await ownerOf(folder)).uid === 0) return;
  const why = `${folder} belongs to another user, who has to finish the restore that was interrupted there: start the daemon as that user`;
  throw new OperatingError('KAIMON_RESTORE_PENDING', why);
}

async function ownerOf(folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  try {
    return await fs.stat(folder);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT' && dirname(folder) !== folder) return ownerOf(dirname(folder));
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${folder}: ${messageOf(cause)}`, { cause });
  }
}
