import fc from 'fast-check';
import { seeded } from '../../../src/kit/seeded-random.js';
import { int, ints } from '../../../src/models/onnx/attribute.js';
import { Graph, type Value } from '../../../src/models/onnx/graph.js';
import { type NetworkGraph, readNetworkGraph } from '../../../src/models/onnx/network-graph.js';
import { openGraph } from '../networks.js';

export const SIDE = 6;

/** A network in little of those that are rewritten: widen, filter each channel, narrow, twice, the second time beside the first. */
export interface Recipe {
  readonly seed: number;
  /** Channels inside the first and the second part, and between them. */
  readonly inside: readonly [number, number];
  readonly between: number;
  /** Of each channel: whether its weights are next to zero, which of them, and how it is rectified. */
  readonly dead: readonly { readonly where: 'made' | 'filtered' | 'taken'; readonly channel: number }[];
  readonly rectifier: 'PRelu' | 'Relu';
}

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.nat(),
  inside: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
  between: fc.integer({ min: 1, max: 20 }),
  dead: fc.array(fc.record({ where: fc.constantFrom('made', 'filtered', 'taken'), channel: fc.nat(19) }), {
    maxLength: 12,
  }),
  rectifier: fc.constantFrom('PRelu', 'Relu'),
});

/** y, of the shape 1 × between × SIDE × SIDE. */
export function networkOf({ seed, inside, between, dead, rectifier }: Recipe): Uint8Array {
  const random = seeded(seed);
  const graph = new Graph({ name: 'test', metadata: { source: 'a test' } });
  const numbers = (length: number, gone: (at: number) => boolean = () => false) =>
    Float32Array.from({ length }, (_, at) => (gone(at) ? (random() - 0.5) * 1e-20 : random() * 2 - 1));
  const isDead = (where: string, channel: number) => dead.some((one) => one.where === where && one.channel === channel);
  const rectified = (name: string, x: Value, channels: number) =>
    rectifier === 'Relu'
      ? graph.node('Relu', name, [x])
      : graph.node('PRelu', name, [
          x,
          graph.constant(
            `${name}_slope`,
            [channels, 1, 1],
            numbers(channels).map((one) => one * 1.5),
          ),
        ]);

  const part = (name: string, x: Value, from: number, channels: number): Value => {
    const made = graph.constant(
      `${name}_made`,
      [channels, from, 1, 1],
      numbers(channels * from, (at) => isDead('made', Math.floor(at / from))),
    );
    const madeBias = graph.constant(
      `${name}_made_bias`,
      [channels],
      numbers(channels, (at) => isDead('made', at)),
    );
    const filter = graph.constant(
      `${name}_filter`,
      [channels, 1, 3, 3],
      numbers(channels * 9, (at) => isDead('filtered', Math.floor(at / 9))),
    );
    const filterBias = graph.constant(
      `${name}_filter_bias`,
      [channels],
      numbers(channels, (at) => isDead('filtered', at)),
    );
    const taken = graph.constant(
      `${name}_taken`,
      [between, channels, 1, 1],
      numbers(between * channels, (at) => isDead('taken', at % channels)),
    );
    const takenBias = graph.constant(`${name}_taken_bias`, [between], numbers(between));
    const wide = rectified(
      `${name}_r1`,
      graph.node('Conv', `${name}_1`, [x, made, madeBias], { kernel_shape: ints(1, 1) }),
      channels,
    );
    const filtered = graph.node('Conv', `${name}_2`, [wide, filter, filterBias], {
      kernel_shape: ints(3, 3),
      pads: ints(1, 1, 1, 1),
      group: int(channels),
    });
    return graph.node('Conv', `${name}_3`, [rectified(`${name}_r2`, filtered, channels), taken, takenBias], {
      kernel_shape: ints(1, 1),
    });
  };
  const x = graph.input('x', [1, 3, SIDE, SIDE]);
  const first = part('a', x, 3, inside[0]);
  graph.output(graph.node('Add', 'y', [first, part('b', first, between, inside[1])]), [1, between, SIDE, SIDE]);
  return graph.encode();
}

/** What the network makes of made-up pictures of numbers from −2 to 2. */
export async function answersOf(
  model: Uint8Array,
  seed: number,
  shape: readonly number[] = [1, 3, SIDE, SIDE],
): Promise<Float32Array> {
  const random = seeded(seed);
  const values = Float32Array.from(
    { length: shape.reduce((product, one) => product * one, 1) },
    () => random() * 4 - 2,
  );
  const run = await openGraph(model);
  return (await run(shape, values))['y']?.data ?? new Float32Array();
}

/** Largest difference, as a share of the largest number. */
export function differenceOf(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  const largest = a.reduce((most, one) => Math.max(most, Math.abs(one)), 1e-6);
  return a.reduce((most, one, at) => Math.max(most, Math.abs(one - (b[at] as number))), 0) / largest;
}

export const operatorsOf = ({ nodes }: NetworkGraph): string[] => nodes.map(({ operator }) => operator);
export const shapeOf = (model: Uint8Array, constant: string): readonly number[] | undefined =>
  readNetworkGraph(model).constants.get(constant)?.shape;
