import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explain, OperatingError } from '../../src/kit/errors.js';
import { decodeVector, encodeVector } from '../../src/kit/vector.js';

test('a template is read back exactly as it was written', () => {
  fc.assert(
    fc.property(fc.float32Array({ maxLength: 40 }), (numbers) => {
      expect(decodeVector(encodeVector(numbers))).toEqual(numbers);
    }),
  );
});

test('a template is little-endian float32 on every machine', () => {
  expect(encodeVector(Float32Array.from([1, -2]))).toBe(Buffer.from([0, 0, 128, 63, 0, 0, 0, 192]).toString('base64'));
});

test('a view on a larger buffer is written without its neighbours', () => {
  const all = Float32Array.from([1, 2, 3, 4]);
  expect(decodeVector(encodeVector(all.subarray(1, 3)))).toEqual(Float32Array.from([2, 3]));
});

test('an error line names its causes, outermost first, also strings thrown by native code', () => {
  const cause = new Error('inner', { cause: 'OpenCV Error: (bad)' });
  expect(explain(new OperatingError('KAIMON_OPENCV_MISSING', 'outer', { cause }))).toBe(
    'outer: inner: OpenCV Error: (bad)',
  );
  const ring = new Error('again');
  ring.cause = ring;
  expect(explain(ring)).toBe('again');
});
