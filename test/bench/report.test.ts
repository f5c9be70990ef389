import { describe, expect, test } from 'vitest';
import { intoDocument } from '../../src/bench/report.js';
import { quantile } from '../../src/bench/timer.js';

const BEGIN = '<!-- figures of `npm run bench -- --out`: begin -->';
const END = '<!-- figures of `npm run bench -- --out`: end -->';

describe('the figures in the document', () => {
  test('replace those of the last run and leave the text around them alone', () => {
    const document = `# Performance\n\n${BEGIN}\n\nold\n\n${END}\n\nwords\n`;
    const once = intoDocument(document, 'new');
    expect(once).toBe(`# Performance\n\n${BEGIN}\n\nnew\n\n${END}\n\nwords\n`);
    expect(intoDocument(once, 'new')).toBe(once);
  });

  test.each([
    ['no mark', '# Performance\n'],
    ['only the first mark', `${BEGIN}\n`],
    ['two first marks', `${BEGIN}\n${BEGIN}\n${END}\n`],
    ['two last marks', `${BEGIN}\n${END}\n${END}\n`],
  ])('are not written into a document with %s', (_what, document) => {
    expect(() => intoDocument(document, 'new')).toThrow('once');
  });
});

test('a quantile is a value that was measured', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([1, 3, 5, 5]);
  expect(quantile([], 0.5)).toBeNaN();
});
