import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modelPath } from '../../src/models/model-files.js';
import { Graph } from '../../src/models/onnx/graph.js';
import { ProtobufWriter } from '../../src/models/onnx/protobuf.js';
import { fieldsOf } from '../../src/models/onnx/protobuf-reader.js';
import { flushSmallNumbers, SMALL } from '../../src/models/onnx/small-numbers.js';
import { manifest, modelsBuilt, NOT_BUILT, openGraph } from './networks.js';

/** y = x + weights */
function adding(weights: Float32Array): Uint8Array {
  const graph = new Graph({ name: 'test', metadata: { source: 'a test' } });
  const x = graph.input('x', [weights.length]);
  graph.output(graph.node('Add', 'y', [x, graph.constant('w', [weights.length], weights)]), [weights.length]);
  return graph.encode();
}

/** The weights of {@link adding}, as ONNX Runtime reads them. */
async function weightsOf(model: Uint8Array, count: number): Promise<number[]> {
  const run = await openGraph(model);
  return Array.from((await run([count], new Float32Array(count)))['y']?.data ?? []);
}

const tensor = (field: number, content: Uint8Array) => new ProtobufWriter().int(2, 1).bytes(field, content);
const smallOne = new Uint8Array(Float32Array.of(1e-39, 2).buffer);
const flat = new Uint8Array(Float32Array.of(0, 2).buffer);

describe('weights next to zero', () => {
  test('become zero, and no other number changes', async () => {
    const weights = Float32Array.of(1e-39, -1e-39, 9e-31, -9e-31, 2e-30, -2e-30, 0, 1, -1);
    const { model, flushed } = flushSmallNumbers(adding(weights));
    expect(flushed).toBe(4);
    expect(await weightsOf(model, weights.length)).toEqual([0, 0, 0, 0, ...weights.slice(4)]);
  });

  test('a second time there is nothing to do, and a file without them stays as it is, byte for byte', () => {
    fc.assert(
      fc.property(fc.float32Array({ minLength: 1, maxLength: 20 }), (weights) => {
        const original = adding(weights);
        const once = flushSmallNumbers(original);
        expect(flushSmallNumbers(once.model)).toEqual({ model: once.model, flushed: 0 });
        if (once.flushed === 0) expect(once.model).toEqual(original);
      }),
    );
  });

  test.each<[string, ProtobufWriter]>([
    ['a constant in a node', new ProtobufWriter().message(1, nodeWith(5, tensor(9, smallOne)))],
    ['a list of tensors in a node', new ProtobufWriter().message(1, nodeWith(10, tensor(9, smallOne)))],
    ['a tensor that lists its numbers', new ProtobufWriter().message(5, tensor(4, smallOne))],
    [
      'a branch, which is a graph in a node',
      new ProtobufWriter().message(1, nodeWith(6, new ProtobufWriter().message(5, tensor(9, smallOne)))),
    ],
  ])('are found in %s', (_what, graph) => {
    const original = new ProtobufWriter().int(1, 8).message(7, graph).finish();
    const { model, flushed } = flushSmallNumbers(original);
    expect(flushed).toBe(1);
    expect(Buffer.from(model).includes(Buffer.from(flat))).toBe(true);
    expect(model.length).toBe(original.length);
  });

  test('a tensor of another type is left alone', () => {
    const halves = new ProtobufWriter().int(2, 10).bytes(9, smallOne);
    const original = new ProtobufWriter().message(7, new ProtobufWriter().message(5, halves)).finish();
    expect(flushSmallNumbers(original)).toEqual({ model: original, flushed: 0 });
  });

  test.skipIf(!modelsBuilt)(`are in no network that Kaimon runs${modelsBuilt ? '' : ` (${NOT_BUILT})`}`, () => {
    for (const model of manifest.models)
      expect([model.name, flushSmallNumbers(readFileSync(modelPath(model))).flushed]).toEqual([model.name, 0]);
  });
});

function nodeWith(field: number, content: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().message(5, new ProtobufWriter().text(1, 'value').message(field, content));
}

describe('a file that is no ONNX model', () => {
  test.each<[string, number[], string]>([
    ['breaks off in a number', [0x08, 0x80], 'does not end'],
    ['has a number that never ends', [0x08, ...new Array<number>(11).fill(0xff)], 'does not end'],
    ['has a field that is longer than the file', [0x3a, 0x05, 0x00], 'longer than its message'],
    ['has a wire type that does not exist', [0x3b], 'wire type 3'],
  ])('is refused when it %s', (_what, bytes, message) => {
    expect(() => flushSmallNumbers(Uint8Array.from(bytes))).toThrow(message);
  });

  test('whatever it contains, it is refused with a RangeError or left as long as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(flushSmallNumbers(bytes).model.length).toBe(bytes.length);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test('what the writer writes is read back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(),
        fc.uint8Array({ maxLength: 300 }),
        (field, int, bytes) => {
          const written = new ProtobufWriter().int(field, int).bytes(field, bytes).float(field, SMALL).finish();
          const [first, second, third] = fieldsOf(written, { from: 0, to: written.length });
          expect(first).toMatchObject({ field, kind: 'int', value: int });
          expect(second?.kind === 'bytes' && written.subarray(second.range.from, second.range.to)).toEqual(bytes);
          expect(third?.kind === 'fixed' && third.range.to - third.range.from).toBe(4);
        },
      ),
    );
  });
});
