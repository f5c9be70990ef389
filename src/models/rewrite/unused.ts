// pure
import type { NetworkGraph, Node } from '../onnx/network-graph.js';

/** Leaves out nodes and constants on which no output depends. */
export function withoutUnused(graph: NetworkGraph): NetworkGraph {
  const needed = new Set(graph.outputs.keys());
  const nodes: Node[] = [];
  // Nodes stand in the order of computation, so whoever needs a node comes after it.
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    nodes.push(node);
  }
  return {
    ...graph,
    nodes: nodes.reverse(),
    constants: new Map([...graph.constants].filter(([name]) => needed.has(name))),
  };
}
