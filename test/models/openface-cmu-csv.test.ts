import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvBytesMax, gitBlobId, parseCsv } from '../../src/models/openface/cmu-csv.js';

describe("a file of CMU's numbers", () => {
  test.each([
    ['with a line end', '1,2\n'],
    ['without', '1,2'],
  ])('is read %s', (_rule, text) => expect([...parseCsv(text, 2)]).toEqual([1, 2]));

  test('numbers are read as float32, signs and exponents included', () =>
    expect([...parseCsv('-0.0634535998106,1.2345678901234e-05,3\n', 3)]).toEqual(
      [-0.0634535998106, 1.2345678901234e-5, 3].map(Math.fround),
    ));

  test.each([
    ['too few numbers', '1,2\n', 'it holds 2 numbers, 3 are expected'],
    ['too many', '1,2,3,4\n', 'it holds 4 numbers, 3 are expected'],
    ['nothing', '', 'it holds 1 numbers, 3 are expected'],
    ['an empty field', '1,,3\n', 'its number 2 is ""'],
    ['a blank', '1, 2,3\n', 'its number 2 is " 2"'],
    ['a word', '1,2,nan\n', 'its number 3 is "nan"'],
    ['infinity', '1,Infinity,3\n', 'its number 2 is "Infinity"'],
    ['more than a float32 holds', '1,2,1e+39\n', 'its number 3 is "1e+39"'],
    ['another base', '0x10,2,3\n', 'its number 1 is "0x10"'],
    ['half a number', '.5,2,3\n', 'its number 1 is ".5"'],
    ["another system's line end", '1,2,3\r\n', 'its number 3 is "3\\r"'],
    ['a second line', '1,2,3\n\n', 'its number 3 is "3\\n"'],
    ['a long field, shown cut', `1,2,${'9'.repeat(80)}\n`, `its number 3 is "${'9'.repeat(24)}"`],
  ])('is refused with %s', (_rule, text, message) => expect(() => parseCsv(text, 3)).toThrow(message));

  test('whatever 14 digits a float32 is written with, the same float32 is read, within the length allowed', () => {
    const value = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e20), max: Math.fround(1e20) });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
        const text = `${values.map((number) => number.toPrecision(14)).join()}\n`;
        expect(text.length).toBeLessThanOrEqual(csvBytesMax(values.length));
        // −0 is written as 0.
        expect([...parseCsv(text, values.length)].map((number) => number + 0)).toEqual(values.map((n) => n + 0));
      }),
    );
  });

  test('any text gives the expected count of finite numbers or is refused with a reason', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 5 }), (text, count) => {
        try {
          expect(parseCsv(text, count).every(Number.isFinite)).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

test.each([
  ['', 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'],
  ['hello world\n', '3b18e512dba79e4c8300dd08aeb37f8e728b8dad'],
])('the contents %j have the id that git gives them', (text, id) => expect(gitBlobId(Buffer.from(text))).toBe(id));
