// pure
import { int, ints } from './onnx/attribute.js';
import { Graph, type Value } from './onnx/graph.js';
import type { WeightTensor } from './quantised-weights.js';

/** Side of the input in pixels; the last block leaves 7×7, which the average pool reduces to one. */
const SIDE = 112;
/** Channels after each of the four blocks. */
const CHANNELS = [32, 64, 128, 256] as const;
/** 68 points, x and y in turn. */
const NUMBERS = 136;

/**
 * Exports the 68-landmark network of face-api to ONNX: input [1, 3, 112, 112] RGB, (byte − mean) / 255; output
 * [1, 136], x and y in 0…1 of the picture.
 *
 * The original is in TensorFlow's layout (height, width, channel); here it is channel, height, width, so every filter
 * is transposed. TensorFlow's "same" padding of a stride-2 filter on an even side adds nothing before and one pixel
 * after. The last map is 1×1, so flattening gives the same order in both layouts.
 * @throws RangeError when a tensor is missing, left over or of another shape.
 */
export function exportFaceLandmark68(tensors: ReadonlyMap<string, WeightTensor>, source: string): Uint8Array {
  const graph = new Graph({
    name: 'face_landmark_68',
    metadata: { source, licence: 'MIT, Copyright (c) Vladimir Mandic' },
  });
  const layers = new Layers(graph, tensors);
  let x = graph.input('input', [1, 3, SIDE, SIDE]);
  let channels = 3;
  CHANNELS.forEach((wanted, index) => {
    x = layers.block(`dense${index}`, x, channels, wanted);
    channels = wanted;
  });
  x = graph.node('AveragePool', 'pool', [x], { kernel_shape: ints(7, 7), strides: ints(2, 2) });
  x = graph.node('Flatten', 'flat', [x]);
  const weights = layers.constant('fc/weights', [channels, NUMBERS], (data) => data);
  const bias = layers.constant('fc/bias', [NUMBERS], (data) => data);
  graph.output(graph.node('Gemm', 'output', [x, weights, bias]), [1, NUMBERS]);
  layers.assertAllUsed();
  return graph.encode();
}

/** The network's repeated parts; remembers which tensors were used. */
class Layers {
  readonly #graph: Graph;
  readonly #unused: Map<string, WeightTensor>;

  constructor(graph: Graph, tensors: ReadonlyMap<string, WeightTensor>) {
    this.#graph = graph;
    this.#unused = new Map(tensors);
  }

  /** A tensor of the weights as a constant of the graph, its numbers reordered by `arrange`. */
  constant(name: string, shape: readonly number[], arrange: (data: Float32Array) => Float32Array, as = shape): Value {
    const tensor = this.#unused.get(name);
    if (!tensor) throw new RangeError(`the weights have no tensor ${name}`);
    if (tensor.shape.join() !== shape.join())
      throw new RangeError(`tensor ${name} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`);
    this.#unused.delete(name);
    return this.#graph.constant(name, as, arrange(tensor.data));
  }

  assertAllUsed(): void {
    const [left] = this.#unused.keys();
    if (left !== undefined) throw new RangeError(`tensor ${left} of the weights is not part of the known network`);
  }

  /**
   * Four convolutions, densely joined: a = relu(c0 x), b = c1 a, c = c2 relu(a + b), d = c3 relu(a + b + c),
   * result relu(a + b + c + d). The first halves the side; the very first of all is an ordinary convolution.
   */
  block(name: string, x: Value, from: number, to: number): Value {
    const first = `${name}/conv0`;
    const entry = from === 3 ? this.#convolution(first, x, from, to) : this.#separable(first, x, from, to, 2);
    let sum = this.#graph.node('Relu', `${name}/relu0`, [entry]);
    let joined = sum;
    for (const index of [1, 2, 3]) {
      const next = this.#separable(`${name}/conv${index}`, joined, to, to, 1);
      sum = this.#graph.node('Add', `${name}/sum${index}`, [sum, next]);
      joined = this.#graph.node('Relu', `${name}/relu${index}`, [sum]);
    }
    return joined;
  }

  #convolution(name: string, x: Value, from: number, to: number): Value {
    const filters = this.constant(`${name}/filters`, [3, 3, from, to], (data) => outputFirst(data, 9, from, to), [
      to,
      from,
      3,
      3,
    ]);
    const bias = this.constant(`${name}/bias`, [to], (data) => data);
    return this.#graph.node('Conv', name, [x, filters, bias], spatial(2));
  }

  /** A 3×3 filter for every channel by itself, then a 1×1 mix of the channels, then the bias. */
  #separable(name: string, x: Value, from: number, to: number, stride: 1 | 2): Value {
    const depth = this.constant(`${name}/depthwise_filter`, [3, 3, from, 1], (data) => outputFirst(data, 9, 1, from), [
      from,
      1,
      3,
      3,
    ]);
    const mix = this.constant(`${name}/pointwise_filter`, [1, 1, from, to], (data) => outputFirst(data, 1, from, to), [
      to,
      from,
      1,
      1,
    ]);
    const bias = this.constant(`${name}/bias`, [to], (data) => data);
    const filtered = this.#graph.node('Conv', `${name}/depth`, [x, depth], { ...spatial(stride), group: int(from) });
    return this.#graph.node('Conv', name, [filtered, mix, bias], { kernel_shape: ints(1, 1) });
  }
}

/** Attributes of a 3×3 convolution with TensorFlow's "same" padding on an even side. */
const spatial = (stride: 1 | 2) => ({
  kernel_shape: ints(3, 3),
  strides: ints(stride, stride),
  pads: stride === 2 ? ints(0, 0, 1, 1) : ints(1, 1, 1, 1),
});

/** Reorders [place, from, to] to [to, from, place]; `places` = height × width of the filter. */
function outputFirst(data: Float32Array, places: number, from: number, to: number): Float32Array {
  const result = new Float32Array(data.length);
  let read = 0;
  for (let place = 0; place < places; place++)
    for (let input = 0; input < from; input++)
      for (let output = 0; output < to; output++)
        result[(output * from + input) * places + place] = data[read++] as number;
  return result;
}
