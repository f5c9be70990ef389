// pure
import type { NetworkGraph, Node } from '../onnx/network-graph.js';
import { type ChannelLine, changeLines } from './channel-line.js';
import { convolutionOf, type Pass, type Weights } from './nodes.js';

/** Leaves out channels that are zero whatever the picture, or that nobody looks at. */
export const withoutZeroChannels: Pass = (graph) =>
  changeLines(graph, (now, line) => {
    const idle = idleChannels(now, line);
    const kept = idle.flatMap((none, channel) => (none ? [] : [channel]));
    // A convolution of nothing is none.
    return kept.length < line.channels && kept.length > 0 ? kept : undefined;
  });

function idleChannels(graph: NetworkGraph, { channels, maker, passing, takers }: ChannelLine): boolean[] {
  const zero = new Map<string, readonly boolean[]>();
  const note = ({ outputs: [output] }: Node, values: readonly boolean[]): void => {
    if (output !== undefined) zero.set(output, values);
  };
  note(maker, gives(graph, maker, Array<boolean>(channels).fill(false)));
  for (const node of passing) {
    const before = zero.get(node.inputs[0] ?? '') ?? [];
    // A rectifier leaves zero as it is.
    note(node, node.operator === 'Conv' ? gives(graph, node, before) : before);
  }
  return Array.from({ length: channels }, (_, channel) =>
    takers.every(
      (node) =>
        zero.get(node.inputs[0] ?? '')?.[channel] === true || isZero(convolutionOf(graph, node)?.weights, 1, channel),
    ),
  );
}

/** Which outputs of a convolution are zero: no bias, and no weight or nothing to weigh. */
function gives(graph: NetworkGraph, node: Node, before: readonly boolean[]): boolean[] {
  const convolution = convolutionOf(graph, node);
  return before.map(
    (nothing, channel) =>
      (nothing || isZero(convolution?.weights, 0, channel)) &&
      (convolution?.bias === undefined || isZero(convolution.bias, 0, channel)),
  );
}

/** Whether all numbers of one slice along the first or second axis are zero. */
function isZero(weights: Weights | undefined, axis: 0 | 1, at: number): boolean {
  if (!weights) return false;
  const { shape, data } = weights;
  const outer = axis === 0 ? 1 : (shape[0] ?? 1);
  const length = shape[axis] ?? 0;
  const size = shape.slice(axis + 1).reduce((product, one) => product * one, 1);
  for (let row = 0; row < outer; row++)
    for (let i = (row * length + at) * size, end = i + size; i < end; i++) if (data[i] !== 0) return false;
  return true;
}
