// pure
/** Checks the chain of hashes: walks through the segments and finds lines that were changed, removed, doubled or moved. */
import { decodeLine, type Entry, GENESIS, hashLine } from './entry.js';
import type { FaultList, Place } from './faults.js';
import { CHECKPOINT_FILE, HEAD_FILE, type Mark, type Position } from './head.js';
import { purgeOf } from './retention.js';
import { firstOf, splitLines } from './segment.js';

interface Line extends Place {
  readonly hash: string;
  readonly entry: Entry | undefined;
  /** Why it cannot be read as an entry; empty where it can. */
  readonly why: string;
}

export interface ChainOptions {
  readonly head?: Mark | undefined;
  readonly checkpoint?: Mark | undefined;
  /** Only the newest files are shown: the first line is taken as it is. */
  readonly anyStart?: boolean;
  readonly onEntry?: (entry: Entry, place: Place) => void;
}

/** To be fed with the segments in order, one at a time; adds what is wrong to the list of faults. */
export class ChainCheck {
  readonly #options: ChainOptions;
  readonly #faults: FaultList;
  /** The number of the entry that must come next; undefined before the first line. */
  #next: number | undefined;
  #hash = GENESIS;
  /** Whether the next line must name `#hash`: not after a line that cannot be read. */
  #trusted = false;
  #lastPlace: Place = { file: '', line: 0 };
  /** Hashes of entries that came before their turn, by number. */
  readonly #early = new Map<number, string>();
  #first = 0;
  #entries = 0;
  #purgedTo: readonly Position[] = [];
  #torn: (Place & { readonly bytes: number }) | undefined;

  constructor(faults: FaultList, options: ChainOptions = {}) {
    this.#faults = faults;
    this.#options = options;
  }

  get entries(): number {
    return this.#entries;
  }
  /** The number of the first entry, 0 where there is none. */
  get first(): number {
    return this.#first;
  }
  /** The last entry that was found; the next one continues there. */
  get position(): Position {
    return { n: (this.#next ?? 1) - 1, hash: this.#hash };
  }
  /** The unfinished line at the end of the last segment. */
  get torn(): (Place & { readonly bytes: number }) | undefined {
    return this.#torn;
  }

  /** @param following the first line of the segment that comes after it, where there is one */
  add(file: string, bytes: Buffer, following?: Buffer): void {
    if (this.#torn)
      this.#faults.add('torn', this.#torn, this.#next ?? 0, 'the line has no end, although more files follow');
    const { lines: raw, torn } = splitLines(bytes);
    const lines = raw.map((line, index) => read(file, index + 1, line));
    const last = new Map<number, number>();
    for (const [index, { entry }] of lines.entries()) if (entry) last.set(entry.n, index);
    const named = firstOf(file);
    if (lines[0] && this.#next === undefined) this.#start(lines[0], named);
    for (const [index, line] of lines.entries()) {
      const after = lines[index + 1] ?? (following && read('', 0, following));
      this.#walk(line, after?.entry?.prev, (n) => (last.get(n) ?? -1) > index);
    }
    const begins = lines[0]?.entry?.n;
    // If the first line is at fault, the file's name is right. With `anyStart` the first file may be shown without its beginning.
    const cut = this.#options.anyStart && begins !== undefined && named !== undefined && begins > named;
    if (named !== undefined && begins !== undefined && named !== begins && !cut && !this.#faults.has({ file, line: 1 }))
      this.#faults.add(
        'reordered',
        { file, line: 0 },
        begins,
        `the file is named for entry ${named} and begins with ${begins}`,
      );
    this.#torn = torn > 0 ? { file, line: lines.length + 1, bytes: torn } : undefined;
  }

  /** To be called once, after the last segment. */
  finish(): void {
    const { head, checkpoint } = this.#options;
    const { n } = this.position;
    const end = this.#torn ?? this.#lastPlace;
    if (!head) {
      if (n > 0)
        this.#faults.add(
          'mark',
          { file: HEAD_FILE, line: 0 },
          n,
          'the file is missing or unreadable: whether the end was cut off cannot be told',
        );
    } else if (head.n > n) {
      this.#faults.add(
        'missing',
        end,
        n + 1,
        `the journal ends with entry ${n}, but ${HEAD_FILE} knows entry ${head.n}: the end was cut off or damaged`,
      );
    }
    if (this.#first > 1) this.#explainStart(checkpoint);
  }

  #explainStart(checkpoint: Mark | undefined): void {
    const start = { file: CHECKPOINT_FILE, line: 0 };
    const before = this.#first - 1;
    if (!checkpoint)
      this.#faults.add('missing', start, 1, `entries 1 to ${before} are missing and no ${CHECKPOINT_FILE} explains it`);
    else if (checkpoint.n < before)
      this.#faults.add(
        'missing',
        start,
        checkpoint.n + 1,
        `entries ${checkpoint.n + 1} to ${before} are missing and were not purged`,
      );
    else if (!this.#purgedTo.some(({ n, hash }) => n === checkpoint.n && hash === checkpoint.hash))
      this.#faults.add(
        'mark',
        start,
        checkpoint.n,
        `no entry of the journal confirms the purge up to entry ${checkpoint.n}`,
      );
  }

  #walk(line: Line, nextPrev: string | undefined, comesLater: (n: number) => boolean): void {
    const { entry } = line;
    const next = this.#next ?? 1;
    if (!entry) {
      this.#faults.add('changed', line, next, line.why);
      this.#accept(line, next, false);
      return;
    }
    const linked = this.#trusted && entry.prev === this.#hash;
    if (entry.n === next) {
      if (this.#trusted && !linked) this.#blame(line, entry, nextPrev);
      this.#accept(line, next, true);
    } else if (linked) {
      this.#faults.add('changed', line, next, `it follows entry ${next - 1} and yet is numbered ${entry.n}`);
      this.#accept(line, next, true);
    } else if (entry.n > next && comesLater(next)) {
      this.#faults.add('reordered', line, entry.n, `entry ${entry.n} stands before entry ${next}`);
      this.#early.set(entry.n, line.hash);
    } else if (entry.n > next) {
      const gone = entry.n - next === 1 ? `entry ${next} is missing` : `entries ${next} to ${entry.n - 1} are missing`;
      this.#faults.add('missing', line, next, `${gone} before this line`);
      this.#accept(line, entry.n, true);
    } else {
      const again = line.hash === this.#hash;
      const text = `entry ${entry.n} stands ${again ? 'here a second time' : `behind entry ${next - 1}`}`;
      this.#faults.add(again ? 'doubled' : 'reordered', line, entry.n, text);
    }
  }

  /** The first line of all says where the chain begins; the file's name does so instead where the line continues from there. */
  #start({ entry, ...line }: Line, named: number | undefined): void {
    const begins = entry?.n ?? named ?? 1;
    this.#next = begins;
    if (this.#options.anyStart || !entry) return;
    const byName = named === undefined ? undefined : this.#hashBefore(named);
    if (named !== undefined && byName === entry.prev) {
      this.#next = named;
      this.#hash = byName;
      this.#trusted = true;
    } else {
      const before = this.#hashBefore(begins);
      if (before !== undefined && before !== entry.prev)
        this.#faults.add('changed', line, begins, 'it does not continue what was there before it');
    }
  }

  /** The hash that entry `n` must name as the one before it, if it is the first entry that is left; undefined if unknown. */
  #hashBefore(n: number): string | undefined {
    const { checkpoint } = this.#options;
    if (n === 1) return GENESIS;
    return checkpoint?.n === n - 1 ? checkpoint.hash : undefined;
  }

  /** The line does not name the hash of the line before it: one of the two was changed. The line after it shows which. */
  #blame(line: Line, { n }: Entry, nextPrev: string | undefined): void {
    const { head } = this.#options;
    const intact = nextPrev ?? (head?.n === n ? head.hash : undefined);
    const before = intact === undefined ? head?.n !== n - 1 || head.hash !== this.#hash : intact === line.hash;
    if (before) this.#faults.add('changed', this.#lastPlace, n - 1, `it is not what entry ${n} was appended to`);
    else this.#faults.add('changed', line, n, `it does not name the hash of entry ${n - 1}`);
  }

  #accept(line: Line, n: number, trusted: boolean): void {
    const { head, checkpoint, onEntry } = this.#options;
    if (this.#entries === 0) this.#first = n;
    this.#hash = line.hash;
    this.#trusted = trusted;
    this.#lastPlace = line;
    this.#next = n + 1;
    this.#entries++;
    for (const mark of [head, checkpoint])
      if (mark?.n === n && mark.hash !== line.hash)
        this.#faults.add(
          'changed',
          line,
          n,
          `it is not the entry that ${mark === head ? HEAD_FILE : CHECKPOINT_FILE} knows`,
        );
    if (line.entry) {
      const purged = purgeOf(line.entry);
      if (purged) this.#purgedTo = [...this.#purgedTo.slice(-1_000), purged];
      onEntry?.(line.entry, line);
    }
    this.#takeEarly();
  }

  /** Counts entries that came before their turn, now that it is their turn. */
  #takeEarly(): void {
    for (let hash = this.#early.get(this.#next ?? 0); hash !== undefined; hash = this.#early.get(this.#next ?? 0)) {
      this.#early.delete(this.#next ?? 0);
      this.#hash = hash;
      this.#next = (this.#next ?? 0) + 1;
      this.#entries++;
    }
  }
}

function read(file: string, line: number, bytes: Buffer): Line {
  const decoded = decodeLine(bytes);
  const hash = hashLine(bytes);
  return 'entry' in decoded
    ? { file, line, hash, entry: decoded.entry, why: '' }
    : { file, line, hash, entry: undefined, why: decoded.why };
}
