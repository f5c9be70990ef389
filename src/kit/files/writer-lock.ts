/** A lock file that keeps a second process from writing to the same files. */
import { randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { z } from 'zod';
import type { OperatingCode } from '../../errors/catalogue.js';
import { messageOf, OperatingError } from '../errors.js';
import type { Log } from '../log.js';
import { cannotWrite, ownLikeFolder, tempBeside, whyNotWritten } from './atomic-file.js';
import { errnoOf } from './errno.js';

/** The process that holds the lock. Start time and boot tell it from a later process that was given the same pid. */
const holderSchema = z.object({
  pid: z.int().min(1),
  /** The user; −1 where it is not known. */
  uid: z.int().default(-1),
  started: z.string(),
  boot: z.string(),
  token: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** What a lock protects, for the error that a second process gets. */
export interface LockedResource {
  readonly code: OperatingCode;
  /** Follows "the" in a sentence. */
  readonly name: string;
  /** What to do, as the end of a sentence. */
  readonly advice: string;
}

/** Tokens of the locks that this process has: a lock file that names it with any other token is held by nobody. */
const ownTokens = new Set<string>();

/** Tries to get a lock that other processes take and give back meanwhile. */
const TRIES_MAX = 5;

/**
 * Allows one writer: the file `path`, created whole by link(2), names the process that holds the lock; the lock of a dead
 * process is taken over. Two processes may take over the same dead lock in the same instant. {@link WriterLock.holds}
 * before each write settles that: only the one whose token is in the file may write.
 */
export class WriterLock {
  readonly #path: string;
  readonly #text: string;
  readonly #token: string;
  readonly #resource: LockedResource;

  private constructor(path: string, holder: Holder, resource: LockedResource) {
    this.#path = path;
    this.#text = `${JSON.stringify(holder)}\n`;
    this.#token = holder.token;
    this.#resource = resource;
  }

  /** @throws OperatingError of the resource's code when a living process holds it; KAIMON_FILE_WRITE */
  static async take(path: string, log: Log, resource: LockedResource): Promise<WriterLock> {
    const holder = {
      pid: process.pid,
      uid: process.getuid?.() ?? -1,
      started: (await startOf(process.pid)) ?? '',
      boot: await bootId(),
      token: randomBytes(8).toString('hex'),
    };
    const lock = new WriterLock(path, holder, resource);
    // Before the file names it: whoever asks next, in this process too, must find it held.
    ownTokens.add(holder.token);
    try {
      await lock.#take(log);
      return lock;
    } catch (thrown) {
      ownTokens.delete(holder.token);
      throw thrown;
    }
  }

  /**
   * Whether the lock is still this one's; to be asked before each write. A lock that was lost, to another process or to a fault of the disk
   * that left it empty, is never the holder's again: another process may have had it meanwhile and have changed the files. Whoever wants to
   * go on takes a new one and reads the files anew.
   * @throws OperatingError KAIMON_FILE_READ
   */
  async holds(): Promise<boolean> {
    const named = (await readLock(this.#path)) === this.#text;
    if (!named) ownTokens.delete(this.#token);
    return named && ownTokens.has(this.#token);
  }

  /** Lets another process write; does nothing when one has taken the lock over. Where it throws, this process can take the lock anew. */
  async release(): Promise<void> {
    try {
      if (await this.holds()) await fs.rm(this.#path, { force: true });
    } finally {
      ownTokens.delete(this.#token);
    }
  }

  async #take(log: Log): Promise<void> {
    const resource = this.#resource;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      if (await this.#create()) return;
      const held = await readLock(this.#path);
      if (held === undefined) continue;
      const other = holderOf(held);
      if (other && (await isAlive(other))) throw inUse(resource, this.#path, other);
      const why = other ? `whoever held the ${resource.name} is gone` : 'no process is named in the lock';
      log.warn({ path: this.#path, pid: other?.pid }, `${why}: taking it over`);
      await this.#clear(held);
    }
    throw inUse(resource, this.#path, undefined);
  }

  async #create(): Promise<boolean> {
    const draft = tempBeside(this.#path);
    try {
      await writeNew(draft, this.#text);
      return await this.#publish(draft);
    } catch (cause) {
      const why = `cannot lock the ${this.#resource.name} with ${this.#path}: ${whyNotWritten(cause)}`;
      throw new OperatingError('KAIMON_FILE_WRITE', why, { cause });
    } finally {
      // Whether the lock was taken is known; a file that cannot be removed here is left to removeStaleTemps.
      await fs.rm(draft, { force: true }).catch(() => undefined);
    }
  }

  /** Gives the draft the lock's name unless the name is taken. */
  async #publish(draft: string): Promise<boolean> {
    try {
      await fs.link(draft, this.#path);
      return true;
    } catch (cause) {
      // ENOENT: the new holder has deleted our draft together with the stale ones.
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
      if (!['ENOENT', 'EEXIST'].includes(errnoOf(cause) ?? '')) throw cannotWrite(this.#path, cause);
    } finally {
      await fs.rm(aside, { force: true }).catch(() => undefined); // left to removeStaleTemps as well
    }
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await fs.open(path, 'wx', 0o600);
  try {
    await ownLikeFolder(handle);
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
    throw new OperatingError('KAIMON_FILE_READ', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The living process that holds the lock at `path`; undefined where none does. For those who only look. @throws OperatingError KAIMON_FILE_READ */
export async function lockHolder(path: string): Promise<number | undefined> {
  const holder = holderOf((await readLock(path)) ?? '');
  return holder && (await isAlive(holder)) ? holder.pid : undefined;
}

function holderOf(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // A lock file without a process in it (a power cut can leave it empty) is held by no process.
    return undefined;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  // This process, or an earlier one of the same pid: one that could not remove its lock must not lock itself out.
  if (holder.pid === process.pid) return ownTokens.has(holder.token);
  const boot = await bootId();
  if (holder.boot !== '' && boot !== '' && holder.boot !== boot) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (cause) {
    if (errnoOf(cause) === 'ESRCH') return false;
    // A process of another user cannot have written a lock file that is ours: the pid was given to a new process.
    if (errnoOf(cause) === 'EPERM' && holder.uid === process.getuid?.()) return false;
  }
  // Where /proc hides other users' processes, a living pid counts as the holder.
  const started = await startOf(holder.pid);
  return started === undefined || holder.started === '' || started === holder.started;
}

/** Start of a process in clock ticks since boot (proc(5), field 22), undefined where /proc does not show it. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in brackets may hold spaces and brackets: count from the last one.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Names this boot of the machine; empty where /proc does not show it. */
const bootId = async (): Promise<string> =>
  (await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();

function inUse({ code, name, advice }: LockedResource, path: string, holder: Holder | undefined): OperatingError {
  const who = holder ? `process ${holder.pid}` : 'another process';
  return new OperatingError(code, `the ${name} is in use by ${who} (${path}): ${advice}`);
}
