import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float, floats, int, ints, string } from '../../src/models/onnx/attribute.js';
import { Graph } from '../../src/models/onnx/graph.js';
import { ProtobufWriter } from '../../src/models/onnx/protobuf.js';
import { openGraph } from './networks.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const graph = (): Graph => new Graph({ name: 'test', metadata: { source: 'a test' } });

/** Reads one varint back, independently of the writer. */
function readVarint(bytes: Uint8Array): bigint {
  return BigInt.asIntN(
    64,
    bytes.reduce((sum, byte, i) => sum + (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n),
  );
}

describe('the protobuf writer', () => {
  test.each([
    ['the example of the protobuf documentation', new ProtobufWriter().int(1, 150), '089601'],
    ['a text', new ProtobufWriter().text(2, 'testing'), '120774657374696e67'],
    ['a message in a message', new ProtobufWriter().message(3, new ProtobufWriter().int(1, 150)), '1a03089601'],
    ['a float', new ProtobufWriter().float(2, 1.5), '150000c03f'],
    ['zero', new ProtobufWriter().int(1, 0), '0800'],
    ['minus one in ten bytes', new ProtobufWriter().int(1, -1), '08ffffffffffffffffff01'],
    ['a field number above fifteen', new ProtobufWriter().int(20, 7), 'a00107'],
  ])('writes %s as the format says', (_what, writer, bytes) => {
    expect(hex(writer.finish())).toBe(bytes);
  });

  test('writes any 64-bit number so that it reads back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = new ProtobufWriter().int(1, value).finish();
        expect(bytes.length).toBeLessThanOrEqual(11);
        expect(readVarint(bytes.subarray(1))).toBe(value);
      }),
    );
  });
});

describe('a graph', () => {
  test('computes with every operator that an encoder of inception blocks needs', async () => {
    const g = graph();
    const x = g.input('x', ['batch', 1, 4, 4]);
    // A 3×3 filter that picks the middle, plus one.
    const filter = g.constant('filter', [1, 1, 3, 3], Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0));
    const one = g.constant('one', [1], Float32Array.of(1));
    const conv = g.node('Conv', 'conv', [x, filter, one], { kernel_shape: ints(3, 3), pads: ints(1, 1, 1, 1) });
    const relu = g.node('Relu', 'relu', [conv]);
    const largest = g.node('MaxPool', 'largest', [relu], { kernel_shape: ints(2, 2), strides: ints(2, 2) });
    // Root of the mean square, by multiplication: the L2 pool.
    const square = g.node('Mul', 'square', [relu, relu]);
    const mean = g.node('AveragePool', 'mean', [square], { kernel_shape: ints(4, 4), strides: ints(4, 4) });
    const root = g.node('Sqrt', 'root', [mean]);
    const pads = g.constant('pads', [8], BigInt64Array.of(0n, 0n, 0n, 0n, 0n, 0n, 1n, 1n));
    const padded = g.node('Pad', 'padded', [root, pads], { mode: string('constant') });
    const both = g.node('Concat', 'both', [largest, padded], { axis: int(1) });
    const two = g.constant('two', [1], Float32Array.of(2));
    const half = g.node('Div', 'half', [both, two]);
    const flat = g.node('Flatten', 'flat', [half]);
    const pick = g.constant(
      'pick',
      [2, 8],
      Float32Array.from({ length: 16 }, (_, i) => (i === 3 || i === 12 ? 1 : 0)),
    );
    const bias = g.constant('bias', [2], Float32Array.of(0.25, 0.5));
    const dense = g.node('Gemm', 'dense', [flat, pick, bias], { transB: int(1), alpha: float(2) });
    g.output(dense, ['batch', 2]);

    const run = await openGraph(g.encode());
    const { dense: result } = await run(
      [2, 1, 4, 4],
      Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? i : -2)),
    );
    // First picture: 1…16 after the bias; largest of the last quarter 16, root of the mean square √93.5.
    // Second picture: −1 everywhere, so nothing passes the rectifier.
    expect(result?.dims).toEqual([2, 2]);
    const [a, b, c, d] = result?.data ?? [];
    expect(a).toBeCloseTo(16 + 0.25, 4);
    expect(b).toBeCloseTo(Math.sqrt(93.5) + 0.5, 4);
    expect([c, d]).toEqual([0.25, 0.5]);
  });

  test('holds byte weights that are scaled when it runs', async () => {
    const g = graph();
    const x = g.input('x', [1, 2]);
    const bytes = g.constant('bytes', [2], Uint8Array.of(0, 255));
    const weights = g.node('Cast', 'weights', [bytes], { to: int(1) });
    g.output(g.node('Add', 'sum', [x, weights]), [1, 2]);
    const { sum } = await (await openGraph(g.encode()))([1, 2], Float32Array.of(0.5, 0.5));
    expect(Array.from(sum?.data ?? [])).toEqual([0.5, 255.5]);
  });

  test('encodes to the same bytes each time', () => {
    const make = () => {
      const g = graph();
      const x = g.input('x', ['batch', 3]);
      g.output(g.node('Clip', 'y', [x], { unused: floats(1, 2) }), ['batch', 3]);
      return hex(g.encode());
    };
    expect(make()).toBe(make());
  });

  test.each<[string, (g: Graph) => unknown, RegExp]>([
    ['a name used twice', (g) => [g.input('x', [1]), g.input('x', [1])], /the name x is taken/],
    [
      'weights that do not fill their shape',
      (g) => g.constant('w', [2, 2], Float32Array.of(1)),
      /1 numbers do not fill/,
    ],
    ['a value of another graph', (g) => g.node('Relu', 'y', [graph().input('other', [1])]), /uses other/],
    ['an output of another graph', (g) => g.output(graph().input('other', [1]), [1]), /output other/],
  ])('refuses %s', (_what, build, message) => {
    expect(() => build(graph())).toThrow(message);
  });
});
