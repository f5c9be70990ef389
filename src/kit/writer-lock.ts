import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { z } from 'zod';
import { errnoOf, ownLikeFolder, tempBeside } from './atomic-file.js';
import { messageOf, OperatingError } from './errors.js';
import type { Log } from './log.js';

/** Who holds the lock. Start time and boot tell a living holder from a stranger that got the same pid later. */
const ownerSchema = z.object({
  pid: z.int().min(1),
  /** The user; −1 where it is not told. */
  uid: z.int().default(-1),
  started: z.string(),
  boot: z.string(),
  token: z.string(),
});
type Owner = z.infer<typeof ownerSchema>;

/** What a lock protects, for whoever is refused. */
export interface LockSubject {
  readonly code: `KAIMON_${string}`;
  readonly name: string;
  readonly advice: string;
}
export const PEOPLE_LOCK: LockSubject = {
  code: 'KAIMON_PEOPLE_LOCKED',
  name: 'people store',
  advice: 'stop the daemon, or send it the request over MQTT',
};
export const JOURNAL_LOCK: LockSubject = {
  code: 'KAIMON_JOURNAL_LOCKED',
  name: 'journal',
  advice: 'stop the daemon first',
};

/** Tries to get a lock that others take and give back meanwhile. */
const TRIES_MAX = 5;

/**
 * One writer for a store: the file `path`, created whole by link(2), names its holder; that of a dead process is taken
 * over. Two processes that take over one dead lock in the same instant are told apart by {@link StoreLock.check} before
 * each write: only the one whose token stands in the file may write.
 */
export class StoreLock {
  readonly #path: string;
  readonly #text: string;
  readonly #subject: LockSubject;

  private constructor(path: string, text: string, subject: LockSubject) {
    this.#path = path;
    this.#text = text;
    this.#subject = subject;
  }

  /** @throws OperatingError of the subject's code when a living process holds it; KAIMON_FILE_WRITE */
  static async take(path: string, log: Log, subject: LockSubject = PEOPLE_LOCK): Promise<StoreLock> {
    const owner = {
      pid: process.pid,
      uid: process.getuid?.() ?? -1,
      started: (await startOf(process.pid)) ?? '',
      boot: await bootId(),
      token: randomBytes(8).toString('hex'),
    };
    const lock = new StoreLock(path, `${JSON.stringify(owner)}\n`, subject);
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      if (await lock.#create()) return lock;
      const held = await readLock(path);
      if (held === undefined) continue;
      const holder = ownerOf(held);
      if (holder && (await isAlive(holder))) throw inUse(subject, path, holder);
      const gone = `the process that held the ${subject.name} is gone: taking its lock over`;
      log.warn({ path, pid: holder?.pid }, gone);
      await lock.#clear(held);
    }
    throw inUse(subject, path, undefined);
  }

  /** To be called before each write. @throws OperatingError of the subject's code when somebody else has taken the lock. */
  async check(): Promise<void> {
    const held = await readLock(this.#path);
    if (held === this.#text) return;
    // Somebody tidied the folder: nobody else holds it, so take it again.
    if (held === undefined && (await this.#create())) return;
    throw inUse(this.#subject, this.#path, held === undefined ? undefined : ownerOf(held));
  }

  async release(): Promise<void> {
    if ((await readLock(this.#path)) === this.#text) await fs.rm(this.#path, { force: true });
  }

  async #create(): Promise<boolean> {
    const draft = tempBeside(this.#path);
    try {
      await writeNew(draft, this.#text);
      return await this.#publish(draft);
    } catch (cause) {
      const why = `cannot lock the ${this.#subject.name} with ${this.#path}: ${messageOf(cause)}`;
      throw new OperatingError('KAIMON_FILE_WRITE', 'environment', why, { cause });
    } finally {
      await fs.rm(draft, { force: true });
    }
  }

  /** Gives the draft the lock's name unless the name is taken. */
  async #publish(draft: string): Promise<boolean> {
    try {
      await fs.link(draft, this.#path);
      return true;
    } catch (cause) {
      // ENOENT: the new holder has tidied our draft away with the stale ones.
      if (['EEXIST', 'ENOENT'].includes(errnoOf(cause) ?? '')) return false;
    }
    try {
      // No hard links here (FAT): exclusive creation is the next best; a reader may see it empty for a moment.
      await writeNew(this.#path, this.#text);
      return true;
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST') return false;
      throw cause;
    }
  }

  /** Removes a dead lock; if what was moved is not the dead one after all, puts it back. */
  async #clear(dead: string): Promise<void> {
    const aside = tempBeside(this.#path);
    try {
      await fs.rename(this.#path, aside);
      if ((await readLock(aside)) !== dead) await fs.link(aside, this.#path);
    } catch (cause) {
      if (!['ENOENT', 'EEXIST'].includes(errnoOf(cause) ?? '')) throw cause;
    } finally {
      await fs.rm(aside, { force: true });
    }
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await fs.open(path, 'wx', 0o600);
  try {
    await ownLikeFolder(handle, path);
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new OperatingError('KAIMON_FILE_READ', 'environment', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

function ownerOf(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // A lock that names nobody (a power cut can leave it empty) is held by nobody.
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  const boot = await bootId();
  if (owner.boot !== '' && boot !== '' && owner.boot !== boot) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (cause) {
    if (errnoOf(cause) === 'ESRCH') return false;
    // A process of another user cannot have written a lock file that is ours: the pid was given away again.
    if (errnoOf(cause) === 'EPERM' && owner.uid === process.getuid?.()) return false;
  }
  // Where /proc hides other users' processes, a living pid counts as the holder.
  const started = await startOf(owner.pid);
  return started === undefined || owner.started === '' || started === owner.started;
}

/** Start of a process in clock ticks since boot (proc(5), field 22), undefined where /proc does not tell. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in brackets may hold spaces and brackets: count from the last one.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Names this boot of the machine; empty where /proc does not tell. */
const bootId = async (): Promise<string> =>
  (await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();

function inUse({ code, name, advice }: LockSubject, path: string, owner: Owner | undefined): OperatingError {
  const who = owner ? `process ${owner.pid}` : 'another process';
  return new OperatingError(code, 'environment', `the ${name} is in use by ${who} (${path}): ${advice}`);
}
