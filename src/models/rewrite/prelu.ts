// pure
import { type Attribute, int, ints } from '../onnx/attribute.js';
import type { NetworkGraph, Node } from '../onnx/network-graph.js';
import type { Tensor } from '../onnx/tensor.js';
import { convolutionOf, ownName, type Pass, weightsOf } from './nodes.js';

/**
 * Writes the parametric rectifier after a convolution as x + (1 − slope) · relu(−x), with a factor a channel as a depthwise 1×1
 * convolution. ONNX Runtime's own PRelu knows only planes: for it every picture is turned from blocks of channels and back.
 */
export const preluAsConvolutions: Pass = (graph) => {
  const constants = new Map<string, Tensor>(graph.constants);
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const nodes = graph.nodes.flatMap((node) => {
    const { x, slopes, output } = partsOf(graph, node, makers) ?? {};
    if (x === undefined || slopes === undefined || output === undefined) return [node];
    const factors = { kernel_shape: ints(1, 1), group: int(slopes.length) };
    const name = (what: string): string => ownName(output, what);
    const factor = (what: string, data: Float32Array): string => {
      constants.set(name(what), { shape: [data.length, 1, 1, 1], data });
      return name(what);
    };
    const minus = factor(
      'minus',
      slopes.map(() => -1),
    );
    const rest = factor(
      'rest',
      slopes.map((slope) => 1 - slope),
    );
    return [
      made('Conv', name('turned'), [x, minus], factors),
      made('Relu', name('below'), [name('turned')]),
      made('Conv', name('raised'), [name('below'), rest], factors),
      made('Add', output, [x, name('raised')]),
    ];
  });
  return { ...graph, nodes, constants };
};

function partsOf(
  graph: NetworkGraph,
  { operator, inputs: [x, slope], outputs: [output] }: Node,
  makers: ReadonlyMap<string, Node>,
) {
  const maker = makers.get(x ?? '');
  const slopes = operator === 'PRelu' ? weightsOf(graph, slope) : undefined;
  const channels = maker && convolutionOf(graph, maker)?.weights.shape[0];
  return slopes?.shape.join() === `${channels},1,1` ? { x, slopes: slopes.data, output } : undefined;
}

const made = (
  operator: string,
  output: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Node => ({ operator, name: output, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)) });
