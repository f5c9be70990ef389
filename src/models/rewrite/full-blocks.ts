// pure
import { changeLines } from './channel-line.js';
import type { Pass } from './nodes.js';

/**
 * ONNX Runtime keeps channels in blocks of 16 (of 8 on CPUs without AVX-512) and computes these fastest. A depthwise convolution of
 * another number of channels makes it turn everything back into planes before it and into blocks after it.
 */
const BLOCK = 16;

/** Fills the channels between two convolutions up to full blocks, with channels of zeros that nobody looks at. */
export const inFullBlocks: Pass = (graph) =>
  changeLines(graph, (_now, { channels }) => {
    if (channels % BLOCK === 0) return undefined;
    const filled = Math.ceil(channels / BLOCK) * BLOCK;
    return Array.from({ length: filled }, (_, channel) => (channel < channels ? channel : undefined));
  });
