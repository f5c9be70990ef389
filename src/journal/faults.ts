// pure
/** The faults that a check of the journal finds. */

/** Faults that are listed one by one; further ones are only counted. */
const FAULTS_MAX = 100;

export type FaultKind = 'changed' | 'missing' | 'doubled' | 'reordered' | 'torn' | 'mark' | 'personal' | 'noted';
export interface Fault extends Place {
  readonly kind: FaultKind;
  /** The number of the entry that it is about. */
  readonly n: number;
  /** What is wrong, without naming file and line. */
  readonly text: string;
}

export interface Place {
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
}

/** Collects faults, up to a bound. */
export class FaultList {
  readonly #faults: Fault[] = [];
  #more = 0;

  get all(): readonly Fault[] {
    return this.#faults;
  }

  /** How many faults are not listed. */
  get more(): number {
    return this.#more;
  }

  /** Whether a fault at this place is listed. */
  has({ file, line }: Place): boolean {
    return this.#faults.some((fault) => fault.file === file && fault.line === line);
  }

  add(kind: FaultKind, { file, line }: Place, n: number, text: string): void {
    // A changed line shows at itself and at its neighbour: it is listed once.
    if (kind === 'changed' && this.has({ file, line })) return;
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ kind, file, line, n, text });
    else this.#more++;
  }
}
