// pure
import type { Tensor } from '../onnx/tensor.js';
import type { Pass } from './nodes.js';

/**
 * Training shrinks the weights of channels that nothing uses towards zero without ever reaching it. A weight nearer to zero than
 * this, times a picture's numbers, is beyond the seven digits of the sums that it is added to.
 */
export const NEGLIGIBLE = 1e-12;

/** Operators that multiply with their second input and add their third; a small number elsewhere may be there to keep a divisor from zero. */
const WEIGHING = new Set(['Conv', 'PRelu', 'Gemm', 'MatMul']);

/**
 * Sets negligible weights to zero. Some CPUs take many times as long for denormal numbers, which stand among these weights or come
 * out of a product of two; and what is zero can be left out ({@link withoutZeroChannels}).
 */
export const smallWeightsAsZero: Pass = (graph) => {
  const weights = new Set<string>();
  const others = new Set<string>();
  for (const { operator, inputs } of graph.nodes)
    inputs.forEach((input, at) => {
      (at > 0 && WEIGHING.has(operator) ? weights : others).add(input);
    });
  return { ...graph, constants: new Map([...graph.constants].map(([name, tensor]) => [name, flushed(name, tensor)])) };

  function flushed(name: string, tensor: Tensor): Tensor {
    if (!weights.has(name) || others.has(name) || !(tensor.data instanceof Float32Array)) return tensor;
    return { ...tensor, data: tensor.data.map((value) => (Math.abs(value) < NEGLIGIBLE ? 0 : value)) };
  }
};
