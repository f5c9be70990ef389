// pure
/** What `kaimon audit verify` counts while it reads the entries, and its check of their personal fields. */
import { type Lines, PLAIN_LINES } from '../../kit/sealing/vault.js';
import type { Entry } from '../entry.js';
import { FaultList, type Place } from '../faults.js';
import { commit, type PersonalLine, readPersonal } from '../personal.js';
import { PURGED } from '../retention.js';
import { personalName } from '../segment.js';
import { BROKEN, ERASED, GAP, REPAIRED, RESTORED } from '../writer.js';
import { type Seam, seamFault, seamOf } from './seam.js';

/** Seams that are listed, at most. */
const SEAMS_MAX = 100;

/** To be fed with each entry, then with each file of personal fields; compares these with what the entries commit to. */
export class AuditCounts {
  readonly faults = new FaultList();
  /** Entries of the current segment that have personal fields, by number. */
  readonly #committed = new Map<number, { readonly commitment: string; readonly place: Place }>();
  readonly #erasures: { readonly n: number; readonly entries: number }[] = [];
  readonly #absent: number[] = [];
  readonly #stray: (Place & { readonly n: number })[] = [];
  readonly notes = { repaired: 0, gaps: 0, lost: 0, purges: 0 };
  readonly seams: Seam[] = [];
  kept = 0;
  /** Of those, entries whose personal fields are sealed with a key that is not known here: they are not compared. */
  locked = 0;
  readonly #seals: Lines;
  readonly #purgedTo: number;

  /** @param purgedTo the last entry of a purge; of entries up to it some files may be gone already */
  constructor(purgedTo: number, seals: Lines = PLAIN_LINES) {
    this.#seals = seals;
    this.#purgedTo = purgedTo;
  }

  get absent(): number {
    return this.#absent.length;
  }

  entry(entry: Entry, place: Place): void {
    const { n, type, fields, commitment } = entry;
    if (commitment !== undefined) this.#committed.set(n, { commitment, place });
    const numberOf = (key: string): number => (typeof fields[key] === 'number' ? fields[key] : 0);
    if (type === REPAIRED) this.notes.repaired++;
    if (type === PURGED) this.notes.purges++;
    if (type === ERASED) this.#erasures.push({ n, entries: numberOf('entries') });
    if (type === GAP) {
      this.notes.gaps++;
      this.notes.lost += numberOf('lost');
    }
    if (type === RESTORED) {
      const seam = seamOf(entry);
      // Of entries that were erased here before, the personal fields did not come back.
      this.#erasures.push({ n, entries: numberOf('erased') });
      const fault = seamFault(seam, entry);
      // A journal of many restores is a journal with a problem of its own.
      if (this.seams.length < SEAMS_MAX) this.seams.push(seam);
      if (fault !== undefined) this.faults.add('changed', place, n, fault);
    }
    if (type === BROKEN)
      this.faults.add(
        'noted',
        place,
        n,
        `the daemon found at its start: ${String(fields['text'])} (${String(fields['file'])})`,
      );
  }

  personal(segment: string, bytes: Buffer): void {
    const file = personalName(segment);
    const { lines, invalid, locked } = readPersonal(bytes, this.#seals);
    for (const n of locked) {
      if (!this.#committed.delete(n)) continue;
      this.kept++;
      this.locked++;
    }
    for (const line of invalid)
      this.faults.add('personal', { file, line }, 0, 'the line is no line of personal fields');
    for (const [index, line] of lines.entries()) this.#compare(line, { file, line: index + 1 });
    // Entries that are still in the map have lost their personal fields.
    for (const n of this.#committed.keys()) if (n > this.#purgedTo) this.#absent.push(n);
    this.#committed.clear();
  }

  /**
   * @param lastN the last entry that was read; personal fields of later ones are still being written
   * @param erasedBeside how many entries were erased without a line of the journal: in an archive
   */
  finish(lastN: number, erasedBeside = 0): void {
    for (const { file, line, n } of this.#stray)
      if (n <= lastN) this.faults.add('personal', { file, line }, n, `personal fields of entry ${n}, which has none`);
    // Each note of an erasure comes after the entries that it is about and says how many they are.
    let open = 0;
    let at = 0;
    for (const { n, entries } of this.#erasures) {
      for (; at < this.#absent.length && (this.#absent[at] ?? 0) < n; at++) open++;
      open = Math.max(0, open - entries);
    }
    const unexplained = open + this.#absent.length - at - erasedBeside;
    if (unexplained > 0)
      this.faults.add(
        'personal',
        { file: 'personal', line: 0 },
        this.#absent.at(-1) ?? 0,
        `the personal fields of ${unexplained} entries are gone without an erasure`,
      );
  }

  #compare({ n, salt, fields }: PersonalLine, place: Place): void {
    const known = this.#committed.get(n);
    if (!known) {
      this.#stray.push({ ...place, n });
      return;
    }
    this.#committed.delete(n);
    this.kept++;
    if (commit(salt, fields) !== known.commitment)
      this.faults.add('personal', place, n, `the personal fields of entry ${n} are not those that it commits to`);
  }
}
