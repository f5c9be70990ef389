import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exifOrientation } from '../../../src/kit/pictures/exif.js';
import { exifBlock } from './headers.js';

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i is read in both byte orders, with and without the Exif mark',
  (n) => {
    for (const order of ['II', 'MM'] as const) {
      expect(exifOrientation(exifBlock(n, order))).toBe(n);
      expect(exifOrientation(Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exifBlock(n, order)]))).toBe(n);
    }
  },
);

test('what is no orientation counts as upright', () => {
  expect(exifOrientation(exifBlock(9, 'II'))).toBe(1);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 40 }), (bytes, cut) => {
      expect(exifOrientation(Buffer.from(bytes))).toBe(1);
      expect([1, 6]).toContain(exifOrientation(exifBlock(6, 'II').subarray(0, cut)));
    }),
  );
});
