import { describe, expect, test } from 'vitest';
import { fitGraph } from '../../../src/models/added/fit-graph.js';
import { inspectGraph } from '../../../src/models/added/inspect-graph.js';
import { type Preset, type ReadingOptions, readingOf } from '../../../src/models/added/presets.js';
import { Graph } from '../../../src/models/onnx/graph.js';
import { ProtobufWriter } from '../../../src/models/onnx/protobuf.js';
import { SHAPES, smallEncoder } from './small-encoders.js';

const fitted = (model: Uint8Array, preset: Preset, options: ReadingOptions = {}) =>
  fitGraph(inspectGraph(model), readingOf(preset, options));

/** What is said of a file, whoever finds it. */
function refusal(model: Uint8Array, preset: Preset = 'sface', options: ReadingOptions = {}): string {
  try {
    fitted(model, preset, options);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return 'accepted';
}

describe('a network of a preset is accepted as it is', () => {
  test.each([
    ['sface', { layout: 'nchw', output: 'mixed', dimension: 128 }],
    ['arcface-112', { layout: 'nchw', output: 'mixed', dimension: 512 }],
    ['facenet-160', { layout: 'nhwc', output: 'unit', dimension: 512 }],
  ] as const)('%s', (preset, expected) => {
    expect(fitted(smallEncoder(SHAPES[preset]), preset)).toEqual(expected);
  });

  test('facenet-160 also with planes, as PyTorch exports it', () => {
    const model = smallEncoder({ ...SHAPES['facenet-160'], layout: 'nchw' });
    expect(fitted(model, 'facenet-160')).toMatchObject({ layout: 'nchw' });
  });

  test('a file of before 2019, which lists its weights among the inputs', () => {
    const old = new Graph({ name: 'old', metadata: {} });
    const x = old.input('data', [1, 3, 112, 112]);
    const flat = old.node('Flatten', 'flat', [x]);
    old.output(old.node('Identity', 'fc1', [flat]), [1, 128]);
    const weights = new ProtobufWriter().int(1, 1).int(2, 1).text(8, 'w').bytes(9, new Uint8Array(4));
    const listed = new ProtobufWriter().text(1, 'w');
    const model = appended(old.encode(), new ProtobufWriter().message(5, weights).message(11, listed));
    expect(fitted(model, 'sface')).toEqual({ layout: 'nchw', output: 'fc1', dimension: 128 });
  });
});

/** A graph with the shape of its input and outputs only. */
function shaped(
  input: readonly (number | string)[],
  ...outputs: readonly (readonly (number | string)[])[]
): Uint8Array {
  const graph = new Graph({ name: 'shapes', metadata: {} });
  const x = graph.input('data', input);
  outputs.forEach((shape, i) => {
    graph.output(graph.node('Identity', `out${i + 1}`, [x]), shape);
  });
  return graph.encode();
}

/** A model of one node. */
function withNode(node: ProtobufWriter): Uint8Array {
  const graph = new ProtobufWriter()
    .message(1, node)
    .message(11, value('data', [1, 3, 112, 112]))
    .message(12, value('fc1', [1, 128]));
  return new ProtobufWriter().int(1, 8).message(7, graph).finish();
}

function value(name: string, shape: readonly number[]): ProtobufWriter {
  const axes = new ProtobufWriter();
  for (const axis of shape) axes.message(1, new ProtobufWriter().int(1, axis));
  const tensor = new ProtobufWriter().int(1, 1).message(2, axes);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

const operator = (name: string, domain: string) => new ProtobufWriter().text(4, name).text(7, domain);
const holding = (field: number, content: ProtobufWriter) =>
  new ProtobufWriter().text(4, 'If').message(5, new ProtobufWriter().text(1, 'a').message(field, content));
const outside = () => new ProtobufWriter().int(2, 1).message(13, new ProtobufWriter().text(1, 'location')).int(14, 1);

/** The model's graph, written by {@link Graph}, with further fields. */
function appended(model: Uint8Array, more: ProtobufWriter): Uint8Array {
  // Field 7 stands behind the version (2 bytes) and the producer's name.
  const at = model.indexOf(0x3a, 2);
  const [length, bytes] = varint(model, at + 1);
  const start = at + 1 + bytes;
  const graph = Buffer.concat([model.subarray(start, start + length), more.finish()]);
  return new ProtobufWriter().int(1, 3).bytes(7, graph).finish();
}

function varint(bytes: Uint8Array, at: number): [value: number, bytes: number] {
  let value = 0;
  for (let i = 0; ; i++) {
    const byte = bytes[at + i] as number;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [value, i + 1];
  }
}

describe('a file is refused, with what was found and what is allowed, when', () => {
  test.each<[string, Uint8Array, RegExp, Preset?, ReadingOptions?]>([
    ['it is empty', new Uint8Array(), /holds no graph/],
    ['it is rubbish', Buffer.from('no network at all'), /wire type|longer than its message|does not end/],
    [
      'it is the pointer of Git LFS',
      Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
      /wire type|longer|no graph/,
    ],
    ['it holds two graphs', Buffer.concat([shaped([1], [1]), shaped([1], [1])]), /more than one graph/],
    [
      'its input is of another size',
      shaped([1, 3, 96, 96], [1, 128]),
      /input data is \[1, 3, 96, 96\], \[1, 3, 112, 112\] \(nchw\) or \[1, 112, 112, 3\] \(nhwc\) is allowed/,
    ],
    ['its input is one picture with grey', shaped([1, 1, 112, 112], [1, 128]), /\[1, 1, 112, 112\]/],
    ['it takes eight pictures at a time', shaped([8, 3, 112, 112], [8, 128]), /\[8, 3, 112, 112\]/],
    ['nothing is said of its layout', shaped(['b', 'c', 'h', 'w'], [1, 128]), /\[\?, \?, \?, \?\].*give --layout/],
    [
      'the layout is another one',
      shaped([1, 112, 112, 3], [1, 128]),
      /\[1, 3, 112, 112\] \(nchw\) is allowed/,
      'sface',
      { layout: 'nchw' },
    ],
    [
      'it gives another number of numbers',
      shaped([1, 3, 112, 112], [1, 512]),
      /output out1 is \[1, 512\], \[1, 128\] for one face.*--preset custom/,
    ],
    ['it gives a map', shaped([1, 3, 112, 112], [1, 128, 7, 7]), /output out1 is \[1, 128, 7, 7\]/],
    [
      'it gives too few numbers',
      shaped([1, 3, 112, 112], [1, 2]),
      /\[1, 2\], from 16 to 1024/,
      'custom',
      { size: 112, colour: 'rgb', mean: [0], scale: 1 },
    ],
    [
      'it has two outputs and none is named',
      shaped([1, 3, 112, 112], [1, 128], [1, 10]),
      /2 outputs \(out1 \[1, 128\]; out2 \[1, 10\]\): --output/,
    ],
    [
      'the named output is not there',
      shaped([1, 3, 112, 112], [1, 128]),
      /no output fc1, only out1/,
      'sface',
      { output: 'fc1' },
    ],
    [
      'it uses an operator of somebody else',
      withNode(operator('FusedConv', 'com.microsoft')),
      /uses com\.microsoft\.FusedConv: only operators of ONNX itself/,
    ],
    [
      'it uses one in a branch',
      withNode(holding(6, new ProtobufWriter().message(1, operator('Trees', 'ai.onnx.ml')))),
      /uses ai\.onnx\.ml\.Trees/,
    ],
    ['a weight in a node lies in another file', withNode(holding(5, outside())), /weights lie in another file/],
    [
      'a sparse weight lies in another file',
      withNode(holding(22, new ProtobufWriter().message(1, outside()))),
      /weights lie in another file/,
    ],
    [
      'it has functions of its own',
      Buffer.concat([
        shaped([1, 3, 112, 112], [1, 128]),
        new ProtobufWriter().message(25, new ProtobufWriter().text(1, 'f')).finish(),
      ]),
      /functions of its own/,
    ],
    [
      'custom says too little',
      shaped([1], [1]),
      /--preset custom needs --colour, --mean, --scale as well/,
      'custom',
      { size: 112 },
    ],
    [
      'a name in it would write on the terminal',
      withNode(operator('\u001b[2J', 'evil\nname')),
      /uses evil\?name\.\?\[2J/,
    ],
  ])('%s', (_what, model, message, preset, options) => {
    expect(refusal(model, preset, options)).toMatch(message);
  });

  test('a weight of the graph lies in another file', () => {
    const model = appended(smallEncoder(SHAPES.sface), new ProtobufWriter().message(5, outside()));
    expect(refusal(model)).toMatch(/weights lie in another file/);
  });

  test('its input is of whole numbers', () => {
    const inner = new ProtobufWriter().int(1, 2).message(2, new ProtobufWriter());
    const input = new ProtobufWriter().text(1, 'data').message(2, new ProtobufWriter().message(1, inner));
    const model = new ProtobufWriter().message(7, new ProtobufWriter().message(11, input)).finish();
    expect(refusal(model)).toMatch(/input data is uint8, float32 is allowed/);
  });

  test('it has a second input, as a switch for training', () => {
    const graph = new ProtobufWriter()
      .message(11, value('data', [1, 3, 112, 112]))
      .message(11, value('phase_train', []));
    expect(refusal(new ProtobufWriter().message(7, graph).finish())).toMatch(
      /2 inputs \(data \[1, 3, 112, 112\]; phase_train \[\]\), exactly one is allowed/,
    );
  });

  test('its graphs lie in each other without end', () => {
    let graph = new ProtobufWriter().message(1, operator('Relu', ''));
    for (let depth = 0; depth < 8; depth++) graph = new ProtobufWriter().message(1, holding(6, graph));
    expect(refusal(new ProtobufWriter().message(7, graph).finish())).toMatch(/more than 4 deep/);
  });

  test('it has so many fields that reading them would fill the memory', () => {
    const graph = Buffer.alloc(4_400_000, Uint8Array.of(0x18, 0x00));
    expect(refusal(new ProtobufWriter().bytes(7, graph).finish())).toMatch(/more than 2000000 fields/);
  });

  test('but a plain setting of a node is nothing to refuse', () => {
    const node = new ProtobufWriter()
      .text(4, 'Relu')
      .message(5, new ProtobufWriter().text(1, 'axis').int(3, 1).int(20, 2));
    expect(refusal(withNode(node))).toBe('accepted');
  });
});
