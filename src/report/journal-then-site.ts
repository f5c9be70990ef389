import type { JournalInput, JournalWriter } from '../journal/writer.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';

/** One thing that happened. */
export interface Happening {
  /** Left out for what is reported and not kept. */
  readonly entry?: JournalInput | undefined;
  /**
   * Reports it to the site.
   * @param n the entry's number in the journal; undefined where it is not (yet) on the disk @param later its number once it is, where it is late
   */
  readonly publish?: (n: number | undefined, later?: Promise<number | undefined>) => void;
}

/**
 * First the journal, then the site: what the site receives is on the disk, unless the journal says that it does not keep up (after two
 * seconds at most). In the order in which things happened. The caller does not wait.
 */
export class JournalThenSite {
  readonly #journal: JournalWriter;
  readonly #onWritten: () => void;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  /** @param onWritten called whenever an entry is on the disk */
  constructor(journal: JournalWriter, onWritten: () => void, log: Log) {
    this.#journal = journal;
    this.#onWritten = onWritten;
    this.#log = log;
  }

  /** Queues one thing. What cannot be published is logged. */
  add({ entry, publish }: Happening): void {
    const receipt = entry && this.#journal.append(entry);
    this.#last = this.#last.then(async () => {
      const kept = await receipt;
      try {
        if (kept?.durable) this.#onWritten();
        if (kept?.durable) publish?.(kept.n);
        else publish?.(undefined, kept?.why === 'late' ? kept.later : undefined);
      } catch (thrown) {
        // One that cannot be published must not silence all that come after it.
        this.#log.error(
          { type: entry?.type, err: explain(thrown) },
          'something that happened was not told to the site',
        );
      }
    });
  }

  /** Queues an entry that is not published. Resolves to whether it is on the disk, or there is no journal to keep it. */
  async keep(entry: JournalInput): Promise<boolean> {
    const receipt = this.#journal.append(entry);
    this.#last = this.#last.then(async () => {
      if ((await receipt).durable) this.#onWritten();
    });
    const kept = await receipt;
    return kept.durable || kept.why === 'off';
  }

  /** Resolves when everything up to now was written and published. */
  settled(): Promise<void> {
    return this.#last;
  }
}
