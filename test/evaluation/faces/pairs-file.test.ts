import { describe, expect, test } from 'vitest';
import { parsePairs } from '../../../src/evaluation/faces/pairs-file.js';
import { OperatingError } from '../../../src/kit/errors.js';

const text = (...lines: string[]) => lines.join('\n');
const WELL = text('2\t1', 'Ada_L\t1\t12', 'Ada_L\t3\tBob\t4', 'Bob\t1\t2', 'Cleo\t10000\tBob\t1');

describe('a pairs file', () => {
  test('is read in the form of LFW', () => {
    expect(parsePairs(WELL, 'pairs.txt')).toEqual({
      folds: 2,
      pairs: [
        { a: 'Ada_L/Ada_L_0001', b: 'Ada_L/Ada_L_0012', same: true, fold: 0 },
        { a: 'Ada_L/Ada_L_0003', b: 'Bob/Bob_0004', same: false, fold: 0 },
        { a: 'Bob/Bob_0001', b: 'Bob/Bob_0002', same: true, fold: 1 },
        { a: 'Cleo/Cleo_10000', b: 'Bob/Bob_0001', same: false, fold: 1 },
      ],
    });
  });

  test('may have been written on Windows, and end with empty lines', () => {
    expect(parsePairs(`${WELL.replaceAll('\n', '\r\n')}\r\n\r\n`, 'pairs.txt').pairs).toHaveLength(4);
  });

  test.each([
    ['that is empty', '', 1, 'two numbers are needed'],
    ['without its first line', text('Ada\t1\t2', 'Ada\t1\tBob\t2'), 1, 'two numbers are needed'],
    ['with no folds', '0\t5', 1, 'two numbers are needed'],
    ['with half a fold', '1.5\t1', 1, 'two numbers are needed'],
    [
      'that is cut off',
      text('2\t1', 'Ada\t1\t2', 'Ada\t1\tBob\t2', 'Bob\t1\t2'),
      1,
      '2 × 2 × 1 pairs are announced, 3 lines follow',
    ],
    ['with spaces in place of tabs', text('1\t1', 'Ada 1 2', 'Ada\t1\tBob\t2'), 2, '"Ada 1 2" is neither'],
    ['with a number missing', text('1\t1', 'Ada\t1\t2', 'Ada\tBob\t2\t1'), 3, 'is neither'],
    ['with a field too many', text('1\t1', 'Ada\t1\t2', 'Ada\t1\tBob\t2\t3'), 3, 'is neither'],
    [
      'with a name that leads out of the folder by a slash',
      text('1\t1', '../Ada\t1\t2', 'Ada\t1\tBob\t2'),
      2,
      'is neither',
    ],
    [
      'with a name of dots, which leads out of the folder, in a pair of one person',
      text('1\t1', '..\t1\t2', 'Ada\t1\tBob\t2'),
      2,
      'is neither',
    ],
    [
      'with a name of dots, which leads out of the folder, in a pair of two people',
      text('1\t1', 'Ada\t1\t2', 'Ada\t1\t..\t2'),
      3,
      'is neither',
    ],
    ['with a name missing', text('1\t1', '\t1\t2', 'Ada\t1\tBob\t2'), 2, 'is neither'],
  ])('%s is refused, with the line at fault', (_what, content, line, why) => {
    const parse = () => parsePairs(content, 'pairs.txt');
    expect(parse).toThrow(OperatingError);
    expect(parse).toThrow(`pairs.txt, line ${line}: `);
    expect(parse).toThrow(why);
  });
});
