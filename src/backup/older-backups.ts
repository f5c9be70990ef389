/** The folder of backups of a gate: which of them go when a new one is there. */
import { promises as fs } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clock, iso } from '../kit/clock.js';
import { cannotWrite } from '../kit/files/atomic-file.js';

export interface GateName {
  readonly site: string;
  readonly gate: string;
}

export interface Tidied {
  readonly removed: number;
  /** Names later than the new one's: of a clock that was wrong then, or is now. They are not counted, and stay. */
  readonly later: readonly string[];
}

const STAMP = String.raw`\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.age`;
/** A backup that is at work writes more often than so. */
const STALE_MS = 60 * 60_000;

const startOf = ({ site, gate }: GateName): string => `kaimon-${site}-${gate}-`;

/** The name of a backup that is made now. */
export const backupName = (of: GateName, clock: Clock): string =>
  `${startOf(of)}${iso(clock.wall()).replace(/[:.]/g, '-')}.age`;

/** Removes all but `keep` backups of the gate in the folder of the one that was just made, which is one of those that stay. @throws OperatingError KAIMON_FILE_WRITE */
export async function removeOlder(made: string, of: GateName, keep: number): Promise<Tidied> {
  const folder = dirname(made);
  const name = new RegExp(`^${startOf(of)}${STAMP}$`);
  try {
    const others = (await fs.readdir(folder)).filter((found) => name.test(found) && found !== basename(made)).sort();
    const older = others.filter((found) => found < basename(made));
    const old = older.slice(0, Math.max(0, older.length - (keep - 1)));
    for (const found of old) await fs.rm(join(folder, found));
    return { removed: old.length, later: others.slice(older.length) };
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
}

/** Removes what killed backups of the gate have left in a folder. @throws OperatingError KAIMON_FILE_WRITE */
export async function removeUnfinished(folder: string, of: GateName, clock: Clock): Promise<void> {
  const name = new RegExp(String.raw`^\.${startOf(of)}${STAMP}\.[0-9a-f]{12}\.tmp$`);
  try {
    for (const found of (await fs.readdir(folder)).filter((each) => name.test(each))) {
      const path = join(folder, found);
      if (clock.wall() - (await fs.lstat(path)).mtimeMs > STALE_MS) await fs.rm(path, { force: true });
    }
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
}
