import { float, int, ints } from '../../../src/models/onnx/attribute.js';
import { Graph, type Value } from '../../../src/models/onnx/graph.js';

/** Side of the grid that a small encoder sees a face in. */
const GRID = 16;
const INNER = GRID - 2;

export interface SmallEncoder {
  readonly size: number;
  readonly dimension: number;
  readonly layout: 'nchw' | 'nhwc';
  /** Takes 127.5 away and divides by 128 by itself, as SFace's file does. */
  readonly scalesItself?: boolean;
  /** Gives numbers of unit length. */
  readonly unit?: boolean;
  readonly batch?: number | string;
}

/** Networks of the shapes and inputs of the presets, with weights that are made up. */
export const SHAPES = {
  sface: { size: 112, dimension: 128, layout: 'nchw', scalesItself: true, batch: 1 },
  'arcface-112': { size: 112, dimension: 512, layout: 'nchw', batch: 'None' },
  'facenet-160': { size: 160, dimension: 512, layout: 'nhwc', unit: true, batch: 'batch' },
} as const satisfies Record<string, SmallEncoder>;

/** Weights of red, green and blue: unlike, so that a wrong order shows. */
export const COLOURS = [0.5, 0.3, 0.2] as const;

/** What each of the numbers takes of the inner grid: alike to the left and right, so that a mirrored face is the same. */
export function projection(dimension: number): Float32Array {
  let state = 12_345;
  const draw = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const rows = new Float32Array(dimension * INNER * INNER);
  for (let row = 0; row < dimension * INNER; row++)
    for (let x = 0; x < INNER / 2; x++) {
      const value = draw();
      rows[row * INNER + x] = value;
      rows[row * INNER + INNER - 1 - x] = value;
    }
  return rows;
}

/** A face as a coarse grid, its edges, and so many mixtures of them: enough to tell people of six photos apart. */
export function smallEncoder({ size, dimension, layout, scalesItself, unit, batch = 1 }: SmallEncoder): Uint8Array {
  const graph = new Graph({ name: 'small_encoder', metadata: { source: 'a test' } });
  const planes = layout === 'nchw' ? [batch, 3, size, size] : [batch, size, size, 3];
  let x: Value = graph.input('data', planes);
  if (layout === 'nhwc') x = graph.node('Transpose', 'planes', [x], { perm: ints(0, 3, 1, 2) });
  if (scalesItself) {
    x = graph.node('Sub', 'minusscalar', [x, graph.constant('middle', [1], Float32Array.of(127.5))]);
    x = graph.node('Mul', 'mulscalar', [x, graph.constant('factor', [1], Float32Array.of(1 / 128))]);
  }
  const side = size / GRID;
  x = graph.node('AveragePool', 'grid', [x], { kernel_shape: ints(side, side), strides: ints(side, side) });
  const edges = COLOURS.flatMap((weight) => [-1, -1, -1, -1, 8, -1, -1, -1, -1].map((value) => value * weight));
  x = graph.node('Conv', 'edges', [x, graph.constant('filter', [1, 3, 3, 3], Float32Array.from(edges))]);
  x = graph.node('Flatten', 'flat', [x]);
  const mix = graph.constant('mix', [dimension, INNER * INNER], projection(dimension));
  x = graph.node('Gemm', 'mixed', [x, mix], { transB: int(1), alpha: float(1) });
  if (unit) x = graph.node('LpNormalization', 'unit', [x], { axis: int(1), p: int(2) });
  graph.output(x, [batch, dimension]);
  return graph.encode();
}
