/** The files of a journal: appends to them, purges the oldest and erases people, in steps that a kill may interrupt. */
import { randomBytes } from 'node:crypto';
import { type Clock, iso, type WallMs } from '../kit/clock.js';
import { breathing } from '../kit/files/breathing.js';
import type { Lines } from '../kit/sealing/vault.js';
import { BATCH_MAX, buildBatch, type Draft, draftOf } from './batch.js';
import type { JournalDisk, StoredFile } from './disk.js';
import { type Erased, sealedAnew, withoutPerson, withoutSealedPerson } from './erasing.js';
import {
  BEGINNING,
  CHECKPOINT_FILE,
  encodeMark,
  HEAD_FILE,
  type Mark,
  makeMark,
  type Position,
  type Signer,
} from './head.js';
import { OpenSegment } from './open-segment.js';
import { SALT_BYTES } from './personal.js';
import { endOf, type KnownEnd, type RecoveredChain, startOf } from './recovery.js';
import { duePurge, PURGED, purgeFields, type RetentionPolicy } from './retention.js';
import { firstOf, PERSONAL_FOLDER, personalName, segmentName } from './segment.js';
import { ERASED, type JournalInput } from './writer.js';

export interface JournalFilesOptions {
  readonly disk: JournalDisk;
  readonly clock: Clock;
  /** Names this run of the daemon: a–z, 0–9, "-". */
  readonly boot: string;
  readonly signer: Signer | undefined;
  /** How personal fields are sealed. */
  readonly seals: Lines;
  readonly segmentBytes: number;
  readonly policy: RetentionPolicy;
  /** Throws when another process may write. The caller has asked before each call; what takes long asks again before it writes. */
  readonly check: () => Promise<void>;
  /** Whether the journal is being closed: what takes long is given up between two files then, for entries wait that are written last. */
  readonly closing: () => boolean;
}

const salt = () => randomBytes(SALT_BYTES).toString('hex');

/** Only one call at a time: the caller sees to that. Each resolves when its work is on the disk. */
export class JournalFiles {
  readonly #options: JournalFilesOptions;
  #position: Position;
  #newest: string | undefined;
  #head: Mark | undefined;
  #segment: OpenSegment | undefined;
  #rotations = 0;

  constructor(options: JournalFilesOptions, recovered: RecoveredChain) {
    this.#options = options;
    this.#position = recovered.position;
    this.#newest = recovered.newest;
    this.#head = recovered.head;
    this.#segment = recovered.segment;
  }

  get position(): Position {
    return this.#position;
  }
  /** Undefined where no segment is being written. */
  get knownEnd(): KnownEnd | undefined {
    const segment = this.#segment;
    return (
      segment && { boot: this.#options.boot, n: this.#position.n, segment: segment.name, bytes: segment.chainBytes }
    );
  }
  get newest(): string | undefined {
    return this.#newest;
  }
  /** How many segments were started since the journal was opened. */
  get rotations(): number {
    return this.#rotations;
  }
  get head(): Mark | undefined {
    return this.#head;
  }

  /** Appends at most {@link BATCH_MAX} entries. */
  async write(drafts: readonly Draft[]): Promise<void> {
    const { boot, segmentBytes, disk, seals } = this.#options;
    const [first] = drafts;
    if (!first || drafts.length > BATCH_MAX + 1) throw new RangeError(`a batch of ${drafts.length} entries`);
    // Written before the first entry: a journal without a head was tampered with.
    if (!this.#head && this.#position.n === 0) await this.#writeMark(HEAD_FILE, BEGINNING, first.time);
    const full = this.#segment && this.#segment.chainBytes >= segmentBytes;
    // At least one file a day, so that a purge by age removes day by day; and what a wrong clock dated stands in files of its own.
    const otherDay = this.#newest !== undefined && first.time.slice(0, 10) !== this.#newest.slice(0, 10);
    if (full || otherDay) await this.#closeSegment();
    if (!this.#segment) {
      this.#segment = new OpenSegment(disk, segmentName(this.#position.n + 1), 0, 0);
      this.#rotations++;
    }
    const batch = buildBatch(this.#position, boot, drafts, salt, seals);
    await this.#segment.write(batch);
    this.#position = batch.position;
    this.#newest = drafts.at(-1)?.time;
  }

  /** Writes into the head's file how far the chain goes. */
  async writeHead(): Promise<void> {
    const { clock } = this.#options;
    if (this.#head?.n === this.#position.n && this.#head.hash === this.#position.hash) return;
    await this.#writeMark(HEAD_FILE, this.#position, iso(clock.wall()));
  }

  /**
   * @param between is done before each file that is rewritten
   * @returns how many entries named the person @throws Error where it was given up, without a note and with all still there
   */
  async erase(person: string, between: () => Promise<void>): Promise<number> {
    const { closing } = this.#options;
    const files = await this.#personalFiles();
    const holding: { readonly name: string; readonly count: number }[] = [];
    for (const name of files) {
      if (closing()) throw new Error('the journal is being closed: nothing was erased');
      const { count } = await this.#without(name, person);
      if (count > 0) holding.push({ name, count });
    }
    const count = holding.reduce((sum, file) => sum + file.count, 0);
    if (count === 0) return 0;
    // First the note: personal fields that are gone without one look like tampering. It holds a number and no person. From here on it is
    // finished, also while the journal is being closed: no start would do it, and the note says that it was done.
    await this.#note({ type: ERASED, fields: { entries: count } });
    for (const { name } of holding) {
      await between();
      await this.#replacePersonal(name, (await this.#without(name, person)).bytes);
    }
    return count;
  }

  /** Writes personal fields that are not sealed as they would be now anew. @returns how many there were */
  async renewSeals(between: () => Promise<void>): Promise<number> {
    const { disk, seals, closing } = this.#options;
    let renewed = 0;
    for (const name of await this.#personalFiles()) {
      if (closing()) return renewed;
      await between();
      const { bytes, count } = await breathing(sealedAnew((await disk.read(name)) ?? Buffer.alloc(0), seals));
      if (count > 0) await this.#replacePersonal(name, bytes);
      renewed += count;
    }
    return renewed;
  }

  async #personalFiles(): Promise<readonly string[]> {
    const names = (await this.#options.disk.list()).map(({ name }) => name);
    return names.filter((name) => name.startsWith(`${PERSONAL_FOLDER}/`));
  }

  async #without(name: string, person: string): Promise<Erased> {
    const { disk, seals } = this.#options;
    const plain = withoutPerson((await disk.read(name)) ?? Buffer.alloc(0), person);
    const sealed = await breathing(withoutSealedPerson(plain.bytes, person, seals));
    return { bytes: sealed.bytes, count: plain.count + sealed.count };
  }

  async #replacePersonal(name: string, bytes: Buffer): Promise<void> {
    const { disk, check } = this.#options;
    await check();
    if (this.#segment && personalName(this.#segment.name) === name) await this.#segment.replacePersonal(bytes);
    else await disk.replace(name, bytes);
  }

  /** @param now undefined: only the size counts @returns how many entries were purged; 0 where it was given up before the first */
  async purge(now: WallMs | undefined): Promise<number> {
    const { disk, policy, closing } = this.#options;
    if (now !== undefined && this.#newest !== undefined && Date.parse(this.#newest) < now - policy.maxAgeMs)
      await this.#closeSegment();
    const files = await disk.list();
    const open = this.#segment?.name;
    const closed = files.filter(({ name }) => firstOf(name) !== undefined && name !== open);
    const sizes = sizesOf(files);
    const measured = [];
    for (const file of closed) {
      if (closing()) return 0;
      const newest = now === undefined ? undefined : (await endOf(disk, file)).entry?.time;
      const newestMs = newest === undefined ? undefined : Date.parse(newest);
      measured.push({ bytes: sizes.get(startOf(file.name)) ?? 0, newestMs });
    }
    const count = duePurge(measured, this.#segment?.bytes ?? 0, policy, now);
    return count === 0 ? 0 : this.#remove(files, closed.slice(0, count), closed[count]?.name ?? open);
  }

  async close(): Promise<void> {
    await this.#segment?.close();
  }

  /** @param next the segment that becomes the first one, undefined where none is left */
  async #remove(files: readonly StoredFile[], due: readonly StoredFile[], next: string | undefined): Promise<number> {
    const { disk, clock, check, closing } = this.#options;
    const [oldest, newest] = [due[0], due.at(-1)];
    if (!oldest || !newest) return 0;
    const { hash, entry } = await endOf(disk, newest);
    const lastN = next === undefined ? this.#position.n : startOf(next) - 1;
    const last = { n: lastN, hash };
    const time = entry?.time ?? iso(clock.wall());
    const entries = lastN - startOf(oldest.name) + 1;
    // First the chain, then the checkpoint, then the files: after a kill or a stop in between, the next start finishes the purge.
    await this.#note({ type: PURGED, fields: purgeFields(last, time, entries) });
    await check();
    await this.#writeMark(CHECKPOINT_FILE, last, time);
    for (const { name } of due) {
      if (closing()) break;
      await check();
      const beside = files.filter((file) => file.name !== name && startOf(file.name) === startOf(name));
      for (const file of beside) await disk.remove(file.name);
      await disk.remove(name);
    }
    return entries;
  }

  async #note(input: JournalInput): Promise<void> {
    const { check, clock } = this.#options;
    await check();
    await this.write([draftOf(input, iso(clock.wall()), clock.monotonic())]);
    await this.writeHead();
  }

  async #writeMark(file: typeof HEAD_FILE | typeof CHECKPOINT_FILE, position: Position, time: string): Promise<void> {
    const { disk, signer } = this.#options;
    const mark = makeMark(file === HEAD_FILE ? 'head' : 'checkpoint', position, time, signer);
    await disk.replace(file, Buffer.from(encodeMark(mark)));
    if (file === HEAD_FILE) this.#head = mark;
  }

  async #closeSegment(): Promise<void> {
    await this.#segment?.close();
    this.#segment = undefined;
  }
}

/** Bytes of each segment and of what belongs to it, by the number of its first entry. */
function sizesOf(files: readonly StoredFile[]): ReadonlyMap<number, number> {
  const sizes = new Map<number, number>();
  for (const { name, bytes } of files) sizes.set(startOf(name), (sizes.get(startOf(name)) ?? 0) + bytes);
  return sizes;
}
