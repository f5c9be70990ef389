// pure
import { float, int, ints } from '../onnx/attribute.js';
import { Graph, type Value } from '../onnx/graph.js';
import { BLOCKS, type Block, DIMENSION, FEATURES, PLACES, RESPONSE, SIDE } from './topology.js';
import { arrayOf, foldBatchNorm, type NamedArrays } from './weights.js';

export interface ExportOptions {
  /** How weights are stored in the file; the network always computes in single precision. */
  readonly storage: 'float32' | 'float16';
  /**
   * `decomposed` writes local response and L2 pooling as elementary operators, 1.7 times as fast in ONNX Runtime as
   * its own LRN and LpPool; `operators` uses those, for comparison.
   */
  readonly style: 'decomposed' | 'operators';
  /**
   * The embedding is the mean of those of the picture and its mirror image. This halves the influence of light from one side
   * and of a turned head, for twice the time.
   */
  readonly mirror?: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Builds nn4.small2 as an ONNX graph: input [1, 3, 96, 96] RGB, byte / 255; output [1, 128] of unit length.
 * @throws RangeError when an array is missing or of another shape
 */
export function exportOpenFace(arrays: NamedArrays, options: ExportOptions): Uint8Array {
  const builder = new Builder(arrays, options);
  return builder.build();
}

class Builder {
  readonly #arrays: NamedArrays;
  readonly #options: ExportOptions;
  readonly #graph: Graph;

  constructor(arrays: NamedArrays, options: ExportOptions) {
    this.#arrays = arrays;
    this.#options = options;
    this.#graph = new Graph({ name: 'openface_nn4_small2', metadata: options.metadata });
  }

  build(): Uint8Array {
    const graph = this.#graph;
    let x = graph.input('input', [1, 3, SIDE, SIDE]);
    if (this.#options.mirror) x = this.#withMirror(x);
    x = this.#convolution('conv1', 'bn1', x, [64, 3, 7, 7], 2, 3);
    x = this.#response('lrn1', this.#maxPool('pool1', x, 1));
    x = this.#convolution('conv2', 'bn2', x, [64, 64, 1, 1]);
    x = this.#convolution('conv3', 'bn3', x, [192, 64, 3, 3], 1, 1);
    x = this.#maxPool('pool2', this.#response('lrn2', x), 1);
    for (const block of BLOCKS) x = this.#block(block, x);
    // Weights for each place of the last map are more than CMU's network had; it takes the mean over them.
    const everyPlace = this.#arrays.get('dense_w')?.shape[1] === FEATURES * PLACES;
    if (!everyPlace) x = graph.node('AveragePool', 'mean', [x], { kernel_shape: ints(3, 3) });
    x = graph.node('Flatten', 'flat', [x]);
    const shape = [DIMENSION, everyPlace ? FEATURES * PLACES : FEATURES];
    const weights = this.#weights('dense_w', shape, arrayOf(this.#arrays, 'dense_w', shape));
    const bias = graph.constant('dense_b', [DIMENSION], single(arrayOf(this.#arrays, 'dense_b', [DIMENSION])));
    x = graph.node('Gemm', 'dense', [x, weights, bias], { transB: int(1) });
    if (this.#options.mirror) {
      x = graph.node('LpNormalization', 'both', [x], { axis: int(1), p: int(2) });
      x = graph.node('ReduceMean', 'mean_of_both', [x], { axes: ints(0), keepdims: int(1) });
    }
    graph.output(graph.node('LpNormalization', 'embedding', [x], { axis: int(1), p: int(2) }), [1, DIMENSION]);
    return graph.encode();
  }

  /** The picture and its mirror image as a batch of two. */
  #withMirror(x: Value): Value {
    const graph = this.#graph;
    const number = (name: string, value: bigint) => graph.constant(name, [1], BigInt64Array.from([value]));
    const from = number('mirror_from', -1n);
    const to = number('mirror_to', -1_000_000n);
    const mirrored = graph.node('Slice', 'mirrored', [x, from, to, number('mirror_axis', 3n), from]);
    return graph.node('Concat', 'two', [x, mirrored], { axis: int(0) });
  }

  #block({ name, inputs, three, five, pool, one, stride }: Block, x: Value): Value {
    const base = `inception_${name}`;
    const parts = [this.#pair(`${base}_3x3`, x, inputs, three, 3, stride)];
    if (five) parts.push(this.#pair(`${base}_5x5`, x, inputs, five, 5, stride));
    let pooled = pool.kind === 'max' ? this.#maxPool(`${base}_max`, x, 0) : this.#lengthPool(`${base}_l2`, x);
    if (pool.channels)
      pooled = this.#convolution(`${base}_pool_conv`, `${base}_pool_bn`, pooled, [pool.channels, inputs, 1, 1]);
    parts.push(this.#pad(`${base}_pad`, pooled, pool.pad));
    if (one) parts.push(this.#convolution(`${base}_1x1_conv`, `${base}_1x1_bn`, x, [one, inputs, 1, 1]));
    return this.#graph.node('Concat', `${base}_out`, parts, { axis: int(1) });
  }

  /** 1×1 reduction, then the filter. */
  #pair(
    base: string,
    x: Value,
    inputs: number,
    [reduced, outputs]: readonly [number, number],
    size: 3 | 5,
    stride: 1 | 2,
  ): Value {
    const first = this.#convolution(`${base}_conv1`, `${base}_bn1`, x, [reduced, inputs, 1, 1]);
    return this.#convolution(
      `${base}_conv2`,
      `${base}_bn2`,
      first,
      [outputs, reduced, size, size],
      stride,
      (size - 1) / 2,
    );
  }

  #convolution(
    name: string,
    norm: string,
    x: Value,
    shape: readonly [number, number, number, number],
    stride = 1,
    pad = 0,
  ): Value {
    const { filters, bias } = foldBatchNorm(this.#arrays, name, norm, shape);
    const weights = this.#weights(`${name}_w`, shape, filters);
    const shift = this.#graph.constant(`${name}_b`, [shape[0]], bias);
    const attributes = {
      kernel_shape: ints(shape[2], shape[3]),
      strides: ints(stride, stride),
      pads: ints(pad, pad, pad, pad),
    };
    return this.#graph.node('Relu', `${name}_relu`, [this.#graph.node('Conv', name, [x, weights, shift], attributes)]);
  }

  #weights(name: string, shape: readonly number[], data: Float32Array | Float64Array): Value {
    if (this.#options.storage === 'float32') return this.#graph.constant(name, shape, single(data));
    const half = this.#graph.constant(`${name}_half`, shape, toHalf(data));
    return this.#graph.node('Cast', name, [half], { to: int(1) });
  }

  #maxPool(name: string, x: Value, pad: 0 | 1): Value {
    return this.#graph.node('MaxPool', name, [x], {
      kernel_shape: ints(3, 3),
      strides: ints(2, 2),
      pads: ints(pad, pad, pad, pad),
    });
  }

  /** sqrt of the sum of squares over 3×3 places, stride 3. */
  #lengthPool(name: string, x: Value): Value {
    const graph = this.#graph;
    if (this.#options.style === 'operators')
      return graph.node('LpPool', name, [x], { kernel_shape: ints(3, 3), strides: ints(3, 3), p: int(2) });
    const squares = graph.node('Mul', `${name}_squares`, [x, x]);
    const mean = graph.node('AveragePool', `${name}_mean`, [squares], {
      kernel_shape: ints(3, 3),
      strides: ints(3, 3),
    });
    const nine = graph.constant(`${name}_nine`, [], new Float32Array([9]));
    return graph.node('Sqrt', name, [graph.node('Mul', `${name}_sum`, [mean, nine])]);
  }

  /** x / (1 + 2e-5 · Σ x² over five channels)^0.75; the power as sqrt · sqrt of sqrt. */
  #response(name: string, x: Value): Value {
    const graph = this.#graph;
    const channels = name === 'lrn1' ? 64 : 192;
    if (this.#options.style === 'operators')
      return graph.node('LRN', name, [x], {
        size: int(RESPONSE.size),
        alpha: float(RESPONSE.scale * RESPONSE.size),
        beta: float(0.75),
        bias: float(1),
      });
    const band = graph.constant(`${name}_band`, [channels, channels, 1, 1], bandOf(channels));
    const one = graph.constant(`${name}_one`, [channels], new Float32Array(channels).fill(1));
    const sum = graph.node('Conv', `${name}_sum`, [graph.node('Mul', `${name}_squares`, [x, x]), band, one], {
      kernel_shape: ints(1, 1),
    });
    const root = graph.node('Sqrt', `${name}_root`, [sum]);
    const power = graph.node('Mul', `${name}_power`, [root, graph.node('Sqrt', `${name}_fourth`, [root])]);
    return graph.node('Div', name, [x, power]);
  }

  #pad(name: string, x: Value, [before, after]: readonly [number, number]): Value {
    const pads = this.#graph.constant(
      `${name}_by`,
      [8],
      BigInt64Array.from([0, 0, before, before, 0, 0, after, after].map(BigInt)),
    );
    return this.#graph.node('Pad', name, [x, pads]);
  }
}

/** A 1×1 convolution that adds up, for each channel, itself and its two neighbours on each side. */
function bandOf(channels: number): Float32Array {
  const reach = (RESPONSE.size - 1) / 2;
  return Float32Array.from({ length: channels * channels }, (_, i) =>
    Math.abs(Math.floor(i / channels) - (i % channels)) <= reach ? RESPONSE.scale : 0,
  );
}

const single = (data: Float32Array | Float64Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);

/** IEEE 754 half precision, rounded to nearest even; what is too large becomes infinite. */
export function toHalf(data: Float32Array | Float64Array): Uint16Array {
  const bits = new Uint32Array(1);
  const number = new Float32Array(bits.buffer);
  return Uint16Array.from(data, (value) => {
    number[0] = value;
    const b = bits[0] as number;
    const sign = (b >>> 16) & 0x8000;
    const exponent = ((b >>> 23) & 0xff) - 127 + 15;
    if (exponent >= 31) return sign | 0x7c00;
    if (exponent <= 0) {
      if (exponent < -10) return sign;
      const mantissa = (b & 0x7fffff) | 0x800000;
      return sign | roundedShift(mantissa, 14 - exponent);
    }
    // A carry out of the mantissa rightly raises the exponent.
    return sign + ((exponent << 10) + roundedShift(b & 0x7fffff, 13));
  });
}

function roundedShift(value: number, by: number): number {
  const floor = value >>> by;
  const rest = value & ((1 << by) - 1);
  const half = 1 << (by - 1);
  return rest > half || (rest === half && (floor & 1) === 1) ? floor + 1 : floor;
}
