import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float, floats, int, ints, string } from '../../src/models/onnx/attribute.js';
import { Graph } from '../../src/models/onnx/graph.js';
import { encodeNetworkGraph, type NetworkGraph, readNetworkGraph } from '../../src/models/onnx/network-graph.js';
import { ProtobufWriter } from '../../src/models/onnx/protobuf.js';

/** A file with one graph of these fields. */
const fileOf = (graph: ProtobufWriter, opset = new ProtobufWriter().text(1, '').int(2, 13)) =>
  new ProtobufWriter().int(1, 8).message(7, graph).message(8, opset).finish();
const nodeOf = (operator: string, attribute: ProtobufWriter) =>
  new ProtobufWriter().text(2, 'y').text(4, operator).message(5, attribute);

describe('a file that is read and written again', () => {
  test('is what it was', () => {
    const graph = new Graph({ name: 'test', metadata: { source: 'a test', licence: 'none' } });
    const x = graph.input('x', ['batch', 2]);
    const all = [
      graph.constant('floats', [2], Float32Array.of(1.5, -0)),
      graph.constant('bytes', [2], Uint8Array.of(0, 255)),
      graph.constant('halves', [1, 1], Uint16Array.of(0x3c00)),
      graph.constant('whole', [], BigInt64Array.of(-(2n ** 63n))),
    ];
    graph.output(
      graph.node('Odd', 'y', [x, ...all], {
        whole: int(-1),
        real: float(0.1),
        word: string('ö'),
        list: ints(0, 3, -2),
        reals: floats(1, 2.5),
      }),
      ['batch', 2],
    );
    const bytes = graph.encode();
    expect(Buffer.compare(encodeNetworkGraph(readNetworkGraph(bytes)), bytes)).toBe(0);
  });

  test('keeps every whole number that there is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const attribute = new ProtobufWriter().text(1, 'ends').int(8, value).int(20, 7);
        const { nodes } = readNetworkGraph(fileOf(new ProtobufWriter().message(1, nodeOf('Slice', attribute))));
        expect(nodes[0]?.attributes.get('ends')).toEqual({ kind: 'ints', value: [value] });
      }),
    );
  });

  test.each<[string, ProtobufWriter, number[]]>([
    ['floats in a list', new ProtobufWriter().int(2, 1).bytes(4, new Uint8Array(Float32Array.of(1, 2).buffer)), [1, 2]],
    ['floats one by one', new ProtobufWriter().int(2, 1).float(4, 1).float(4, 2), [1, 2]],
    ['whole numbers in a list', new ProtobufWriter().int(2, 7).bytes(7, Uint8Array.of(3, 4)), [3, 4]],
    ['whole numbers one by one', new ProtobufWriter().int(2, 7).int(7, 3).int(7, -4), [3, -4]],
  ])('finds %s, also in a node that only holds them', (_how, numbers, expected) => {
    const tensor = numbers.int(1, 2).text(8, 'c');
    const numbersIn = ({ constants }: NetworkGraph) => Array.from([...constants.values()][0]?.data ?? [], Number);
    expect(numbersIn(readNetworkGraph(fileOf(new ProtobufWriter().message(5, tensor))))).toEqual(expected);
    const node = nodeOf('Constant', new ProtobufWriter().text(1, 'value').message(5, tensor).int(20, 4));
    expect(numbersIn(readNetworkGraph(fileOf(new ProtobufWriter().message(1, node))))).toEqual(expected);
  });

  test('leaves weights out of the inputs, where old files list them', () => {
    const info = (name: string) =>
      new ProtobufWriter()
        .text(1, name)
        .message(2, new ProtobufWriter().message(1, new ProtobufWriter().int(1, 1).message(2, new ProtobufWriter())));
    const weight = new ProtobufWriter().int(2, 1).text(8, 'w').float(4, 1);
    const { inputs } = readNetworkGraph(
      fileOf(new ProtobufWriter().message(5, weight).message(11, info('w')).message(11, info('x'))),
    );
    expect([...inputs.keys()]).toEqual(['x']);
  });
});

describe('a file is refused that', () => {
  const tensor = (type: number) => new ProtobufWriter().int(1, 2).int(2, type).text(8, 'w').bytes(9, new Uint8Array(8));
  test.each<[string, Uint8Array, RegExp]>([
    ['holds no graph', new ProtobufWriter().int(1, 8).finish(), /one graph/],
    [
      'names no version of the operators',
      fileOf(new ProtobufWriter(), new ProtobufWriter().text(1, 'com.microsoft').int(2, 1)),
      /version of ONNX/,
    ],
    [
      "uses operators that are not ONNX's",
      fileOf(new ProtobufWriter().message(1, new ProtobufWriter().text(4, 'FusedConv').text(7, 'com.microsoft'))),
      /com\.microsoft\.FusedConv/,
    ],
    [
      'has a graph in a node',
      fileOf(
        new ProtobufWriter().message(
          1,
          nodeOf('If', new ProtobufWriter().text(1, 'then').message(6, new ProtobufWriter()).int(20, 5)),
        ),
      ),
      /then is of ONNX's kind 5/,
    ],
    [
      'has a tensor where none belongs',
      fileOf(
        new ProtobufWriter().message(
          1,
          nodeOf('Odd', new ProtobufWriter().text(1, 'value').message(5, tensor(1)).int(20, 4)),
        ),
      ),
      /value of Odd is a tensor/,
    ],
    ['has numbers of an unknown type', fileOf(new ProtobufWriter().message(5, tensor(11))), /type 11/],
    [
      'has weights that do not fill their shape',
      fileOf(new ProtobufWriter().message(5, tensor(1).int(1, 7))),
      /do not fill/,
    ],
    ['has weights in another file', fileOf(new ProtobufWriter().message(5, tensor(1).int(14, 1))), /another file/],
    [
      'has half a float',
      fileOf(new ProtobufWriter().message(5, new ProtobufWriter().int(2, 1).bytes(9, new Uint8Array(3)))),
      /3 bytes/,
    ],
    ['has a name that is no text', fileOf(new ProtobufWriter().bytes(2, Uint8Array.of(0xff))), /no text/],
    [
      'says nothing of the shape of its input',
      fileOf(new ProtobufWriter().message(11, new ProtobufWriter().text(1, 'x'))),
      /x is no tensor/,
    ],
  ])('%s', (_what, bytes, message) => {
    expect(() => readNetworkGraph(bytes)).toThrow(RangeError);
    expect(() => readNetworkGraph(bytes)).toThrow(message);
  });

  test('is no ONNX file at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => readNetworkGraph(fileOf(new ProtobufWriter().bytes(1, bytes).bytes(5, bytes)))).toThrow(
          RangeError,
        );
      }),
      { examples: [[Uint8Array.of(0x0a, 0x05)]] },
    );
  });
});
