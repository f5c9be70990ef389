import type { JournalInput, JournalWriter } from '../journal/writer.js';
import { explain } from '../kit/errors.js';
import type { Log } from '../kit/log.js';

/** One thing that happened. */
export interface Item {
  /** Left out for what is told and not kept. */
  readonly entry?: JournalInput | undefined;
  /** Tells the site. @param n the entry's number in the journal; undefined where it is not (yet) on the disk */
  readonly publish?: (n: number | undefined) => void;
}

/**
 * First the journal, then the site: what was told is on the disk, unless the journal says that it does not keep up (two seconds
 * at most). In the order in which things happened. Nobody waits for it.
 */
export class Bulletin {
  readonly #journal: JournalWriter;
  readonly #written: () => void;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  /** @param written called whenever an entry is on the disk */
  constructor(journal: JournalWriter, written: () => void, log: Log) {
    this.#journal = journal;
    this.#written = written;
    this.#log = log;
  }

  add({ entry, publish }: Item): void {
    const receipt = entry && this.#journal.append(entry);
    this.#last = this.#last.then(async () => {
      const told = await receipt;
      try {
        if (told?.durable) this.#written();
        publish?.(told?.durable ? told.n : undefined);
      } catch (thrown) {
        // One that cannot be told must not silence all that come after it.
        this.#log.error(
          { type: entry?.type, err: explain(thrown) },
          'something that happened was not told to the site',
        );
      }
    });
  }

  /** Resolves when everything up to now was told. */
  settled(): Promise<void> {
    return this.#last;
  }
}
