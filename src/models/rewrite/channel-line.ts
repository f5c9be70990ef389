// pure
import { int } from '../onnx/attribute.js';
import type { NetworkGraph, Node } from '../onnx/network-graph.js';
import type { Tensor } from '../onnx/tensor.js';
import { convolutionOf, ownName, takersOf, type Weights, weightsOf } from './nodes.js';

/** Values that have the same channels: from the convolution that makes them, through nodes that keep channels apart, to the convolutions that mix them. */
export interface ChannelLine {
  readonly channels: number;
  readonly maker: Node;
  /** In the order of computation. */
  readonly passing: readonly Node[];
  readonly takers: readonly Node[];
}

/**
 * Goes from line to line, those whose channels nobody else sees, so that they can be left out, added and moved.
 * @param choose gives the number of the channel that comes to each place, undefined for one of zeros, which nobody looks at; or nothing where all stays
 */
export function changeLines(
  graph: NetworkGraph,
  choose: (graph: NetworkGraph, line: ChannelLine) => readonly (number | undefined)[] | undefined,
): NetworkGraph {
  let result = graph;
  for (const at of graph.nodes.keys()) {
    const line = lineFrom(result, result.nodes[at]);
    const chosen = line && choose(result, line);
    if (chosen) result = withChannels(result, line, chosen);
  }
  return result;
}

function lineFrom(graph: NetworkGraph, maker: Node | undefined): ChannelLine | undefined {
  if (!maker) return undefined;
  const convolution = convolutionOf(graph, maker);
  const [output] = maker.outputs;
  if (!convolution?.full || output === undefined) return undefined;
  const [channels = 0] = convolution.weights.shape;
  const line = follow(graph, output, channels, takersOf(graph));
  return line && { channels, maker, ...line };
}

function follow(
  graph: NetworkGraph,
  start: string,
  channels: number,
  takersOfValue: ReadonlyMap<string, readonly Node[]>,
): Pick<ChannelLine, 'passing' | 'takers'> | undefined {
  const passing: Node[] = [];
  const takers: Node[] = [];
  const values = [start];
  for (const value of values) {
    if (graph.outputs.has(value)) return undefined;
    for (const node of takersOfValue.get(value) ?? []) {
      // Channels as weights, or one value twice: not a line.
      if (node.inputs.indexOf(value) !== 0 || node.inputs.lastIndexOf(value) !== 0) return undefined;
      const [output] = node.outputs;
      if (convolutionOf(graph, node)?.full) takers.push(node);
      else if (output !== undefined && keepsApart(graph, node, channels)) {
        passing.push(node);
        values.push(output);
      } else return undefined;
    }
  }
  return takers.length > 0 ? { passing, takers } : undefined;
}

function keepsApart(graph: NetworkGraph, node: Node, channels: number): boolean {
  if (node.operator === 'Relu') return true;
  if (node.operator === 'PRelu') return weightsOf(graph, node.inputs[1])?.shape.join() === `${channels},1,1`;
  return convolutionOf(graph, node)?.depthwise === true;
}

function withChannels(
  graph: NetworkGraph,
  { maker, passing, takers }: ChannelLine,
  chosen: readonly (number | undefined)[],
): NetworkGraph {
  const constants = new Map<string, Tensor>(graph.constants);
  const replaced = new Map<Node, Node>();
  /** Constants may be shared with other nodes, so the node gets its own. */
  const change = (node: Node, axis: 0 | 1, inputs: readonly number[], attributes = node.attributes): void => {
    const own = node.inputs.map((input, at) => {
      const weights = inputs.includes(at) ? weightsOf(graph, input) : undefined;
      if (!weights) return input;
      const name = ownName(node.outputs[0] ?? '', `input${at}`);
      constants.set(name, along(weights, axis, chosen));
      return name;
    });
    replaced.set(node, { ...node, inputs: own, attributes });
  };
  change(maker, 0, [1, 2]);
  for (const node of passing)
    change(
      node,
      0,
      [1, 2],
      node.operator === 'Conv' ? new Map([...node.attributes, ['group', int(chosen.length)]]) : node.attributes,
    );
  for (const node of takers) change(node, 1, [1]);
  return { ...graph, constants, nodes: graph.nodes.map((node) => replaced.get(node) ?? node) };
}

/** Slices of a tensor along its first or second axis. */
function along({ shape, data }: Weights, axis: 0 | 1, chosen: readonly (number | undefined)[]): Weights {
  const outer = axis === 0 ? 1 : (shape[0] ?? 1);
  const length = shape[axis] ?? 0;
  const size = shape.slice(axis + 1).reduce((product, one) => product * one, 1);
  const result = new Float32Array(outer * chosen.length * size);
  for (let row = 0; row < outer; row++)
    chosen.forEach((from, to) => {
      if (from === undefined) return;
      const start = (row * length + from) * size;
      result.set(data.subarray(start, start + size), (row * chosen.length + to) * size);
    });
  return { shape: shape.map((one, at) => (at === axis ? chosen.length : one)), data: result };
}
