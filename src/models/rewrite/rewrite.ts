// pure
import { encodeNetworkGraph, readNetworkGraph } from '../onnx/network-graph.js';
import { inFullBlocks } from './full-blocks.js';
import type { Pass } from './nodes.js';
import { preluAsConvolutions } from './prelu.js';
import { smallWeightsAsZero } from './small-weights.js';
import { withoutUnused } from './unused.js';
import { withoutZeroChannels } from './zero-channels.js';

/** In this order: what is next to zero, then zero channels, go before the rest is filled up to blocks; a rectifier is part of a line of channels until it is taken apart. */
const PASSES: readonly Pass[] = [
  smallWeightsAsZero,
  withoutZeroChannels,
  inFullBlocks,
  preluAsConvolutions,
  withoutUnused,
];

/**
 * The same network as a graph that ONNX Runtime computes faster: same inputs and outputs, same numbers to rounding. The same file gives the same bytes.
 * @param facts travel inside the file, beside those that it has
 * @throws RangeError when the file is no ONNX model, or one that the reader does not know
 */
export function rewriteNetwork(model: Uint8Array, facts: Readonly<Record<string, string>> = {}): Uint8Array {
  const graph = readNetworkGraph(model);
  const rewritten = PASSES.reduce((result, pass) => pass(result), graph);
  return encodeNetworkGraph({ ...rewritten, metadata: new Map([...graph.metadata, ...Object.entries(facts)]) });
}
