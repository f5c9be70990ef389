// pure
import { OperatingError } from '../../kit/errors.js';

/** One line of a pairs file: two images and whether they show one person. */
export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly same: boolean;
  readonly fold: number;
}

export interface PairsFile {
  readonly folds: number;
  readonly pairs: readonly Pair[];
}

/** Larger files are no pairs file. */
const LINES_MAX = 2_000_000;

/** LFW's way to name an image, without the ending. */
export const imageName = (person: string, number: string): string => `${person}/${person}_${number.padStart(4, '0')}`;

/**
 * Reads a pairs file in LFW's form: first line `folds<TAB>n`; then for each fold n lines `NAME i j` (same person) and n
 * lines `NAME1 i NAME2 j`. @throws OperatingError naming the line at fault
 */
export function parsePairs(text: string, file: string): PairsFile {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const fail = (line: number, what: string): never => {
    throw new OperatingError('KAIMON_PAIRS_FILE', `${file}, line ${line}: ${what}`);
  };
  if (lines.length > LINES_MAX) fail(LINES_MAX, `at most ${LINES_MAX} lines are read`);
  const [folds = 0, perFold = 0] = (lines[0] ?? '').split('\t').map(Number);
  const whole = Number.isInteger(folds) && Number.isInteger(perFold) && folds >= 1 && perFold >= 1;
  if (!whole) fail(1, 'two numbers are needed, folds and pairs of each kind a fold, separated by a tab');
  const body = lines.slice(1);
  if (body.length !== folds * perFold * 2)
    fail(1, `${folds} × 2 × ${perFold} pairs are announced, ${body.length} lines follow`);
  const pairs = body.map((line, i): Pair => {
    const fields = line.split('\t');
    const fold = Math.floor(i / (2 * perFold));
    const [first = '', n1 = '', second = '', n2 = ''] = fields;
    const [names, numbers] =
      fields.length === 3
        ? [[first], [n1, second]]
        : [
            [first, second],
            [n1, n2],
          ];
    if (
      (fields.length !== 3 && fields.length !== 4) ||
      !numbers.every((number) => /^\d+$/.test(number)) ||
      // A name becomes part of a path: it must not lead out of the images' folder.
      names.some((name) => /[/\\]|^\.*$/.test(name))
    )
      fail(i + 2, `"${line}" is neither NAME i j nor NAME1 i NAME2 j, separated by tabs`);
    return fields.length === 3
      ? { a: imageName(first, n1), b: imageName(first, second), same: true, fold }
      : { a: imageName(first, n1), b: imageName(second, n2), same: false, fold };
  });
  return { folds, pairs };
}
