// pure
/**
 * What kind of trouble an error is; decides the exit code of the command line. What a warning is about is only logged: the gate goes on
 * without it.
 */
export type ErrorKind = 'usage' | 'input' | 'environment' | 'warning' | 'defect';

/** One error as docs/errors.md explains it. */
export interface ErrorRow {
  readonly kind: ErrorKind;
  /** Another kind that the same code may have, where that depends on what was found. */
  readonly orKind?: ErrorKind;
  readonly meaning: string;
  /** What to do. */
  readonly advice: string;
}
