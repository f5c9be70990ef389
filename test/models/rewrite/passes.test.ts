import { describe, expect, test } from 'vitest';
import { int, ints } from '../../../src/models/onnx/attribute.js';
import { Graph, type Value } from '../../../src/models/onnx/graph.js';
import { encodeNetworkGraph, type NetworkGraph, readNetworkGraph } from '../../../src/models/onnx/network-graph.js';
import { inFullBlocks } from '../../../src/models/rewrite/full-blocks.js';
import { preluAsConvolutions } from '../../../src/models/rewrite/prelu.js';
import { smallWeightsAsZero } from '../../../src/models/rewrite/small-weights.js';
import { withoutUnused } from '../../../src/models/rewrite/unused.js';
import { withoutZeroChannels } from '../../../src/models/rewrite/zero-channels.js';
import { answersOf, operatorsOf } from './small-networks.js';

const SHAPE = [1, 2, 3, 3] as const;
const draft = () => {
  const graph = new Graph({ name: 'test', metadata: {} });
  return { graph, x: graph.input('x', SHAPE) };
};
type Draft = ReturnType<typeof draft>;

const convolution = (
  { graph }: Draft,
  name: string,
  x: Value,
  shape: [number, number],
  weights: number[],
  bias?: number[],
) =>
  graph.node(
    'Conv',
    name,
    [
      x,
      graph.constant(`${name}_w`, [...shape, 1, 1], Float32Array.from(weights)),
      ...(bias ? [graph.constant(`${name}_b`, [shape[0]], Float32Array.from(bias))] : []),
    ],
    { kernel_shape: ints(1, 1) },
  );
const depthwise = ({ graph }: Draft, name: string, x: Value, weights: number[], bias: number[]) =>
  graph.node(
    'Conv',
    name,
    [
      x,
      graph.constant(`${name}_w`, [weights.length, 1, 1, 1], Float32Array.from(weights)),
      graph.constant(`${name}_b`, [weights.length], Float32Array.from(bias)),
    ],
    { kernel_shape: ints(1, 1), group: int(weights.length) },
  );
const finish = ({ graph }: Draft, y: Value): NetworkGraph => {
  graph.output(y, ['n', 'c', 'h', 'w']);
  return readNetworkGraph(graph.encode());
};

/** Three channels, made from two, filtered, rectified, mixed into one. */
function line(
  given: { made?: number[]; bias?: number[]; filter?: number[]; shift?: number[]; taken?: number[] } = {},
): NetworkGraph {
  const d = draft();
  const made = convolution(d, 'made', d.x, [3, 2], given.made ?? [1, 2, 3, 4, 5, 6], given.bias ?? [1, 1, 1]);
  const rectified = d.graph.node('Relu', 'rectified', [made]);
  const filtered = depthwise(d, 'filtered', rectified, given.filter ?? [1, 2, 3], given.shift ?? [0.5, 0.5, 0.5]);
  return finish(d, convolution(d, 'y', filtered, [1, 3], given.taken ?? [1, -1, 1]));
}

/** Channels of the line of {@link line}. */
function channelsOf(graph: NetworkGraph): number | undefined {
  const weights = graph.nodes.find(({ outputs }) => outputs[0] === 'filtered')?.inputs[1] ?? '';
  return graph.constants.get(weights)?.shape[0];
}

describe('a channel', () => {
  test.each<[string, Parameters<typeof line>[0], number]>([
    ['that is used stays', {}, 3],
    ['that nobody looks at goes', { taken: [1, 0, 1] }, 2],
    ['whose filter and shift are zero goes', { filter: [0, 2, 3], shift: [0, 0.5, 0.5] }, 2],
    ['whose filter is zero and whose shift is not stays', { filter: [0, 2, 3] }, 3],
    [
      'that is made of nothing and not shifted goes',
      { made: [1, 2, 0, 0, 5, 6], bias: [1, 0, 1], shift: [0.5, 0, 0.5] },
      2,
    ],
    ['that is made of nothing and shifted on its way stays', { made: [1, 2, 0, 0, 5, 6], bias: [1, 0, 1] }, 3],
    ['that is made of its bias alone stays', { made: [1, 2, 0, 0, 5, 6] }, 3],
    ['among others that are all of no use stays', { taken: [0, 0, 0] }, 3],
  ])('%s', async (_rule, given, left) => {
    const graph = line(given);
    const result = withoutZeroChannels(graph);
    expect(channelsOf(result)).toBe(left);
    expect(await answersOf(encodeNetworkGraph(result), 1, SHAPE)).toEqual(
      await answersOf(encodeNetworkGraph(graph), 1, SHAPE),
    );
  });

  test.each<[string, (d: Draft, made: Value) => Value]>([
    ['an output of the network', (_d, made) => made],
    [
      'added to another picture',
      (d, made) => convolution(d, 'last', d.graph.node('Add', 'sum', [made, made]), [1, 3], [1, 0, 1]),
    ],
    ['both picture and slope', (d, made) => d.graph.node('PRelu', 'y', [made, made])],
    ['pooled', (d, made) => d.graph.node('GlobalAveragePool', 'y', [made])],
  ])('that is %s stays', (_what, use) => {
    const d = draft();
    const graph = finish(d, use(d, convolution(d, 'made', d.x, [3, 2], [1, 2, 0, 0, 5, 6], [0, 0, 0])));
    expect(withoutZeroChannels(graph)).toEqual(graph);
    expect(inFullBlocks(graph)).toEqual(graph);
  });

  test('is added in full blocks of sixteen, of zeros', async () => {
    const graph = line();
    const result = inFullBlocks(graph);
    expect(channelsOf(result)).toBe(16);
    expect(await answersOf(encodeNetworkGraph(result), 1, SHAPE)).toEqual(
      await answersOf(encodeNetworkGraph(graph), 1, SHAPE),
    );
  });

  test('has weights of its own when another convolution shares the constant', async () => {
    const d = draft();
    const weights = d.graph.constant('shared', [2, 2, 1, 1], Float32Array.of(1, 2, 0, 0));
    const first = d.graph.node('Conv', 'first', [d.x, weights], { kernel_shape: ints(1, 1) });
    const graph = finish(d, d.graph.node('Conv', 'y', [first, weights], { kernel_shape: ints(1, 1) }));
    const result = withoutZeroChannels(graph);
    expect(result.constants.get('kaimon/first/input1')?.shape).toEqual([1, 2, 1, 1]);
    expect(result.constants.get('kaimon/y/input1')?.shape).toEqual([2, 1, 1, 1]);
    expect(await answersOf(encodeNetworkGraph(result), 1, SHAPE)).toEqual(
      await answersOf(encodeNetworkGraph(graph), 1, SHAPE),
    );
  });
});

describe('a parametric rectifier', () => {
  const rectified = (shape: number[], slopes: number[], between?: 'Relu') => {
    const d = draft();
    const made = convolution(d, 'made', d.x, [2, 2], [1, -2, 3, 1]);
    const x = between ? d.graph.node(between, 'between', [made]) : made;
    return finish(d, d.graph.node('PRelu', 'y', [x, d.graph.constant('slopes', shape, Float32Array.from(slopes))]));
  };

  test.each([
    ['below one', [0.25, 0.5]],
    ['zero and one', [0, 1]],
    ['above one and below zero', [3, -2]],
  ])('with slopes %s becomes two convolutions that give the same', async (_what, slopes) => {
    const graph = rectified([2, 1, 1], slopes);
    const result = preluAsConvolutions(graph);
    expect(operatorsOf(result)).toEqual(['Conv', 'Conv', 'Relu', 'Conv', 'Add']);
    const [before, after] = [
      await answersOf(encodeNetworkGraph(graph), 3, SHAPE),
      await answersOf(encodeNetworkGraph(result), 3, SHAPE),
    ];
    before.forEach((value, at) => {
      expect(after[at]).toBeCloseTo(value, 5);
    });
    expect(before.some((value) => value < 0)).toBe(true);
  });

  test.each<[string, NetworkGraph]>([
    ['one slope for all', rectified([1], [0.5])],
    ['a slope for each place', rectified([2, 3, 3], Array<number>(18).fill(0.5))],
    ['no convolution before it', rectified([2, 1, 1], [0.5, 0.5], 'Relu')],
  ])('with %s is left alone', (_what, graph) => {
    expect(preluAsConvolutions(graph)).toEqual(graph);
  });
});

describe('a number next to zero', () => {
  test('becomes zero as a weight, and stays where it is added', () => {
    const d = draft();
    const made = convolution(d, 'made', d.x, [2, 2], [1e-13, -1e-13, 1e-11, 1], [1e-20, 2]);
    const graph = finish(d, d.graph.node('Add', 'y', [made, d.graph.constant('epsilon', [1], Float32Array.of(1e-15))]));
    const { constants } = smallWeightsAsZero(graph);
    const numbers = (name: string) => Array.from(constants.get(name)?.data ?? [], Number);
    expect(numbers('made_w')).toEqual([0, 0, Math.fround(1e-11), 1]);
    expect(numbers('made_b')).toEqual([0, 2]);
    expect(numbers('epsilon')).toEqual([Math.fround(1e-15)]);
  });
});

test('nodes and constants on which no output depends are left out', () => {
  const d = draft();
  convolution(d, 'unused', d.graph.node('Relu', 'also', [d.x]), [1, 2], [1, 1]);
  const result = withoutUnused(finish(d, convolution(d, 'y', d.x, [1, 2], [1, 1])));
  expect(operatorsOf(result)).toEqual(['Conv']);
  expect([...result.constants.keys()]).toEqual(['y_w']);
});
