// pure
import type { NetworkGraph, Node } from '../onnx/network-graph.js';
import type { Tensor } from '../onnx/tensor.js';

/** One change of a graph after which it computes the same, to rounding. */
export type Pass = (graph: NetworkGraph) => NetworkGraph;

/** Weights in single precision. */
export type Weights = Tensor & { readonly data: Float32Array };

/** A convolution whose weights stand in the file. */
export interface Convolution {
  /** Outputs, inputs of each group, height, width. */
  readonly weights: Weights;
  readonly bias: Weights | undefined;
  /** Each channel by itself, one filter a channel. */
  readonly depthwise: boolean;
  /** Every output from all inputs. */
  readonly full: boolean;
}

/** The constant of this name, when it holds single precision numbers. */
export function weightsOf({ constants }: NetworkGraph, name: string | undefined): Weights | undefined {
  const tensor = name === undefined ? undefined : constants.get(name);
  return tensor?.data instanceof Float32Array ? { shape: tensor.shape, data: tensor.data } : undefined;
}

/** What the node convolves with; undefined when it is no convolution of pictures with weights that are known. */
export function convolutionOf(graph: NetworkGraph, { operator, inputs, attributes }: Node): Convolution | undefined {
  if (operator !== 'Conv') return undefined;
  const weights = weightsOf(graph, inputs[1]);
  const bias = weightsOf(graph, inputs[2]);
  if (weights?.shape.length !== 4 || (inputs[2] !== undefined && !bias)) return undefined;
  const group = attributes.get('group');
  const groups = group?.kind === 'int' ? Number(group.value) : 1;
  const [outputs, of] = weights.shape;
  return { weights, bias, full: groups === 1, depthwise: groups > 1 && groups === outputs && of === 1 };
}

/** The nodes that take a value, each once. */
export function takersOf(graph: NetworkGraph): ReadonlyMap<string, readonly Node[]> {
  const takers = new Map<string, Node[]>();
  for (const node of graph.nodes)
    for (const input of new Set(node.inputs)) {
      const known = takers.get(input);
      if (known) known.push(node);
      else takers.set(input, [node]);
    }
  return takers;
}

/** A name for what a pass adds beside the node that makes `output`; an output has one maker, so nobody else has it. */
export const ownName = (output: string, what: string): string => `kaimon/${output}/${what}`;
