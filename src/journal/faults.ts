// pure
/** Faults that are told one by one; more are counted. */
const FAULTS_MAX = 100;

export type FaultKind = 'changed' | 'missing' | 'doubled' | 'reordered' | 'torn' | 'mark' | 'personal' | 'noted';
export interface Fault extends Place {
  readonly kind: FaultKind;
  /** The number of the entry that is concerned. */
  readonly n: number;
  /** What is wrong, without naming file and line. */
  readonly text: string;
}

export interface Place {
  readonly file: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
}

/** What is wrong with a journal. */
export class FaultList {
  readonly #faults: Fault[] = [];
  #more = 0;

  get all(): readonly Fault[] {
    return this.#faults;
  }

  /** Faults beyond those that are told. */
  get more(): number {
    return this.#more;
  }

  /** Whether something was told of this place. */
  has({ file, line }: Place): boolean {
    return this.#faults.some((told) => told.file === file && told.line === line);
  }

  add(kind: FaultKind, { file, line }: Place, n: number, text: string): void {
    // A changed line shows at itself and at its neighbour: it is told once.
    if (kind === 'changed' && this.has({ file, line })) return;
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ kind, file, line, n, text });
    else this.#more++;
  }
}
