/** The journal of a running gate: decides when entries are written, tries again after failures, and reports faults. */
import { randomBytes } from 'node:crypto';
import { iso, type Timer, type WallMs, wallMs } from '../kit/clock.js';
import { explain } from '../kit/errors.js';
import { CLOSE_MS } from '../kit/files/late.js';
import { Patience } from '../kit/files/patience.js';
import { Mutex } from '../kit/mutex.js';
import { pauseMs, type RetryPlan } from '../kit/retry.js';
import { PLAIN_LINES } from '../kit/sealing/vault.js';
import { endsWithin } from '../kit/within.js';
import { BATCH_MAX } from './batch.js';
import { type JournalDisk, watchedDisk } from './disk.js';
import type { Mark } from './head.js';
import { JournalFiles } from './journal-files.js';
import { type FileJournalOptions, isTrouble, type JournalLock, lockLost } from './journal-options.js';
import { JournalQueue, QUEUE_MAX } from './queue.js';
import { JournalReader } from './reading/journal-reader.js';
import type { EntryReader, Extent } from './reading/reader.js';
import { recoverChain } from './recovery.js';
import { SEGMENTS_MAX } from './segment.js';
import type { JournalInput, JournalWriter, Receipt } from './writer.js';

/** The first entry of a batch waits this long for others. Answers to requests wait for it. */
const BATCH_MS = 10;
const RETRY: RetryPlan = { firstMs: 500, factor: 2, maxMs: 30_000, jitter: 0 };
/** The head's file is at most this much behind the chain. */
const HEAD_MS = 1_000;
/** No journal is older than this program. */
const FIRST_MS = Date.UTC(2025, 11, 1);

/**
 * Entries are written and fsynced in batches; while the disk refuses or hangs they wait in memory up to a bound, and
 * nothing else waits. One process at a time.
 */
export class FileJournal implements JournalWriter {
  readonly #options: FileJournalOptions;
  /** Undefined until the files could be opened. */
  #files: JournalFiles | undefined;
  /** Undefined until it could be taken, and after it was lost. */
  #lock: JournalLock | undefined;
  readonly #mutex = new Mutex();
  readonly #disk: JournalDisk;
  readonly #patience: Patience;
  readonly #queue: JournalQueue;
  #timer: Timer | undefined;
  #headTimer: Timer | undefined;
  #running = false;
  #retrying = false;
  #closed = false;
  /** The lock is given back: nothing may be opened again. */
  #ended = false;
  #failures = 0;
  /** The number of segments at the last purge by size; the first batch purges, too. */
  #rotations = -1;
  #fault: string | undefined;
  #opened: number | undefined;
  readonly reader: EntryReader;
  readonly #boot: string;

  private constructor(options: FileJournalOptions) {
    this.#options = options;
    this.#patience = new Patience(options.clock);
    this.#disk = watchedDisk(options.disk, this.#patience.progress);
    this.reader = new JournalReader(options.disk, () => this.extent, options.seals);
    this.#boot = options.boot ?? randomBytes(4).toString('hex');
    this.#queue = new JournalQueue(options.clock, () => {
      if (this.#fault === undefined) this.#failed('the disk does not answer');
    });
  }

  /**
   * Opens the journal: repairs a torn last line and notes in the journal what was found. Where the disk refuses (full, read-only), `fault`
   * says why, entries wait in memory, and it is tried again until the journal can be opened: a gate must start on a full disk, too.
   * @throws OperatingError of the lock's code when another process writes; KAIMON_DATA_NEWER
   */
  static async open(options: FileJournalOptions): Promise<FileJournal> {
    const journal = new FileJournal(options);
    try {
      await journal.#mutex.run(() => journal.#ready());
    } catch (thrown) {
      if (!isTrouble(thrown)) throw thrown;
      journal.#failed(explain(thrown));
      journal.#retrySoon();
    }
    return journal;
  }

  get head(): Mark | undefined {
    return this.#files?.head;
  }

  get extent(): Extent | undefined {
    const last = this.#files?.position.n;
    return last === undefined ? undefined : { opened: this.#opened ?? last, last };
  }

  get fault(): string | undefined {
    if (this.#fault === undefined) return undefined;
    const lost = this.#queue.lost > 0 ? `, ${this.#queue.lost} lost` : '';
    return `${this.#fault}; ${this.#queue.size} entries wait${lost}`;
  }

  get newestMs(): WallMs | undefined {
    const newest = this.#files?.newest;
    return newest === undefined ? undefined : wallMs(Date.parse(newest));
  }

  append(input: JournalInput): Promise<Receipt> {
    if (this.#closed) return Promise.resolve({ durable: false, why: 'closed' });
    const receipt = this.#queue.add(input);
    this.#kick();
    return receipt;
  }

  erase(person: string): Promise<number> {
    // Once it is noted it is finished; what waits when the journal is closed must not wait for that.
    const between = async () => (this.#closed ? this.#writeAll() : undefined);
    return this.#patient(async () => {
      // Entries about the person that still wait are written first, so that they are found.
      await this.#writeAll();
      return (await this.#ready()).erase(person, between);
    });
  }

  renewSeals(): Promise<number> {
    return this.#patient(async () => (await this.#ready()).renewSeals(() => this.#writeAll()));
  }

  purge(clockTrusted: boolean): Promise<number> {
    return this.#patient(async () => {
      const files = await this.#ready();
      return files.purge(clockTrusted ? this.#options.clock.wall() : undefined);
    });
  }

  /** Does something in its turn, for somebody who waits no longer than the disk makes progress. */
  #patient<T>(work: () => Promise<T>): Promise<T> {
    return this.#patience.wait(() => this.#mutex.run(work));
  }

  async close(leftMs = CLOSE_MS): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { clock, log } = this.#options;
    for (const timer of [this.#timer, this.#headTimer]) timer?.cancel();
    const finish = this.#mutex.run(() => this.#finish());
    if (!(await endsWithin(clock, leftMs, finish)))
      log.error({ lost: this.#queue.size }, 'the end of the journal is lost: the disk did not take it in time');
    this.#queue.giveUp();
  }

  async #finish(): Promise<void> {
    try {
      await this.#writeAll();
      if (await this.#lock?.holds()) await this.#files?.writeHead();
    } catch (thrown) {
      this.#options.log.error({ err: explain(thrown), lost: this.#queue.size }, 'the end of the journal is lost');
    }
    await this.#files?.close();
    this.#ended = true;
    try {
      await this.#lock?.release();
    } catch (thrown) {
      this.#options.log.warn({ err: explain(thrown) }, 'the lock of the journal stays; the next start takes it over');
    }
  }

  /** The journal's files: opened now if they could not be before, and anew where another process may have written them since. */
  async #ready(): Promise<JournalFiles> {
    if (this.#ended) throw new Error('the journal is closed');
    if (this.#files && (await this.#lock?.holds())) return this.#files;
    const { clock, log, signer, seals = PLAIN_LINES, segmentBytes, lock: take } = this.#options;
    const disk = this.#disk;
    if (this.#lock) log.warn({ folder: disk.folder }, 'the lock of the journal was lost: reading its files anew');
    this.#lock = undefined;
    await this.#files?.close();
    await disk.prepare();
    const lock = await take();
    try {
      const recovered = await recoverChain(disk, this.#files?.knownEnd);
      const policy = { ...this.#options.policy, maxSegments: SEGMENTS_MAX, sinceMs: FIRST_MS };
      const check = async () => {
        if (!(await lock.holds())) throw lockLost(disk.folder);
      };
      const closing = () => this.#closed;
      const given = { disk, clock, boot: this.#boot, signer: signer?.(), seals, segmentBytes, policy, check, closing };
      this.#files = new JournalFiles(given, recovered);
      this.#opened ??= recovered.position.n;
      this.#lock = lock;
      if (this.#queue.found(recovered.own) > 0) this.#succeeded();
      for (const note of recovered.notes) {
        log.warn({ ...note.fields }, note.type);
        void this.append(note);
      }
      log.info({ folder: disk.folder, entries: recovered.position.n }, 'journal open');
      return this.#files;
    } catch (thrown) {
      await lock.release().catch(() => undefined); // only the first error is reported
      throw thrown;
    }
  }

  #kick(): void {
    if (this.#running || this.#retrying || this.#closed || this.#queue.size === 0) return;
    if (this.#queue.size >= BATCH_MAX) {
      this.#timer?.cancel();
      this.#timer = undefined;
      void this.#run();
      return;
    }
    this.#timer ??= this.#options.clock.after(BATCH_MS, () => {
      this.#timer = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      await this.#mutex.run(() => this.#writeBatch());
      this.#purgeAtSize();
    } catch (thrown) {
      this.#failed(explain(thrown));
      this.#retrySoon();
    }
    this.#running = false;
    this.#kick();
  }

  /** Writes what waits now, and a little of what comes meanwhile. */
  async #writeAll(): Promise<void> {
    const rounds = Math.ceil(QUEUE_MAX / BATCH_MAX) + 1;
    for (let round = 0; round < rounds && this.#queue.size > 0; round++) await this.#writeBatch();
  }

  async #writeBatch(): Promise<void> {
    const files = await this.#ready();
    const batch = this.#queue.next();
    if (batch.length === 0) return;
    await files.write(batch);
    this.#queue.written(batch.length, files.position.n);
    this.#succeeded();
    this.#headSoon(HEAD_MS);
  }

  #succeeded(): void {
    this.#failures = 0;
    if (this.#fault === undefined) return;
    this.#queue.recovered(this.#fault);
    this.#fault = undefined;
    this.#options.log.info({}, 'the journal is written again');
    this.#kick();
  }

  #failed(why: string): void {
    const { clock, log } = this.#options;
    this.#queue.failing(iso(clock.wall()));
    // Logged once, not at each try.
    if (this.#fault === undefined) log.error({ err: why }, 'the journal is not written; entries wait in memory');
    this.#fault = why;
  }

  #retrySoon(): void {
    if (this.#closed) return;
    this.#retrying = true;
    this.#timer = this.#options.clock.after(pauseMs(RETRY, this.#failures++, 0), () => {
      this.#timer = undefined;
      this.#retrying = false;
      this.#kick();
    });
  }

  #headSoon(ms: number): void {
    if (this.#closed) return;
    this.#headTimer ??= this.#options.clock.after(ms, () => {
      this.#headTimer = undefined;
      void this.#writeHead();
    });
  }

  async #writeHead(): Promise<void> {
    try {
      await this.#mutex.run(async () => (await this.#ready()).writeHead());
      this.#succeeded();
    } catch (thrown) {
      this.#failed(explain(thrown));
      this.#headSoon(RETRY.maxMs);
    }
  }

  /** At the start and with each new file the oldest ones may have to be removed. */
  #purgeAtSize(): void {
    if (this.#closed || !this.#files || this.#rotations === this.#files.rotations) return;
    this.#rotations = this.#files.rotations;
    this.purge(false).catch((thrown: unknown) =>
      this.#options.log.error({ err: explain(thrown) }, 'the journal was not purged; the next file tries again'),
    );
  }
}
