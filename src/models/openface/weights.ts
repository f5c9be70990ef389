// pure
import { BATCH_NORM_EPSILON } from './topology.js';

/** An array of the original, named as in Keras-OpenFace without `.csv`: `conv1_w`, `bn1_m`, `inception_3a_3x3_conv1_w`, … */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}
export type NamedArrays = ReadonlyMap<string, NamedArray>;

/** A convolution with its batch norm folded in: filters [out, in, height, width] and a bias. */
export interface Folded {
  readonly shape: readonly number[];
  readonly filters: Float32Array;
  readonly bias: Float32Array;
}

/** @throws RangeError when the array is missing or of another shape */
export function arrayOf(arrays: NamedArrays, name: string, shape: readonly number[]): Float32Array | Float64Array {
  const found = arrays.get(name);
  if (!found) throw new RangeError(`the weights lack ${name}`);
  if (found.shape.join() !== shape.join())
    throw new RangeError(`${name} is [${found.shape.join(', ')}], [${shape.join(', ')}] is expected`);
  return found.data;
}

/**
 * Folds y = (conv(x) + b − mean) / sqrt(variance + ε) · gamma + beta into one convolution. Computed in double, stored in single.
 * @param convolution, norm name prefixes of the arrays
 */
export function foldBatchNorm(
  arrays: NamedArrays,
  convolution: string,
  norm: string,
  shape: readonly [number, number, number, number],
): Folded {
  const [outputs] = shape;
  const filters = arrayOf(arrays, `${convolution}_w`, shape);
  const [bias, gamma, beta, mean, variance] = [
    `${convolution}_b`,
    `${norm}_w`,
    `${norm}_b`,
    `${norm}_m`,
    `${norm}_v`,
  ].map((name) => arrayOf(arrays, name, [outputs])) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const size = filters.length / outputs;
  const folded = new Float32Array(filters.length);
  const shift = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const factor = (gamma[o] as number) / Math.sqrt((variance[o] as number) + BATCH_NORM_EPSILON);
    for (let i = o * size; i < (o + 1) * size; i++) folded[i] = (filters[i] as number) * factor;
    shift[o] = ((bias[o] as number) - (mean[o] as number)) * factor + (beta[o] as number);
  }
  return { shape, filters: folded, bias: shift };
}
