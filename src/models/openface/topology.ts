// pure
/**
 * OpenFace nn4.small2 as CMU's trained file computes it. It differs from the published nn4.small2.def.lua: the pooling
 * branches have strides, and Torch's DepthConcat fills the smaller map with zeros, centred, the odd column at the bottom
 * and right, after convolution, batch norm and ReLU (cmusatyalab/openface issues 349 and 351).
 */
export interface Block {
  readonly name: string;
  readonly inputs: number;
  /** Channels of the 1×1 reduction and of the filter behind it. */
  readonly three: readonly [number, number];
  readonly five: readonly [number, number] | undefined;
  readonly pool: {
    readonly kind: 'max' | 'l2';
    /** Channels of the 1×1 convolution behind the pool; none: the pooled map itself. */
    readonly channels: number | undefined;
    /** Zeros put before and after, both ways. */
    readonly pad: readonly [number, number];
  };
  readonly one: number | undefined;
  /** Of the 3×3 and 5×5 filters. */
  readonly stride: 1 | 2;
}

export const SIDE = 96;
export const DIMENSION = 128;
/** Channels that reach the last layer, and the places (3 × 3) of their map. */
export const FEATURES = 736;
export const PLACES = 9;
export const BATCH_NORM_EPSILON = 1e-5;
/** Local response over five channels: alpha 1e-4 divided by the size, beta 0.75, k 1. */
export const RESPONSE = { size: 5, scale: 2e-5 } as const;

export const BLOCKS: readonly Block[] = [
  {
    name: '3a',
    inputs: 192,
    three: [96, 128],
    five: [16, 32],
    pool: { kind: 'max', channels: 32, pad: [3, 4] },
    one: 64,
    stride: 1,
  },
  {
    name: '3b',
    inputs: 256,
    three: [96, 128],
    five: [32, 64],
    pool: { kind: 'l2', channels: 64, pad: [4, 4] },
    one: 64,
    stride: 1,
  },
  {
    name: '3c',
    inputs: 320,
    three: [128, 256],
    five: [32, 64],
    pool: { kind: 'max', channels: undefined, pad: [0, 1] },
    one: undefined,
    stride: 2,
  },
  {
    name: '4a',
    inputs: 640,
    three: [96, 192],
    five: [32, 64],
    pool: { kind: 'l2', channels: 128, pad: [2, 2] },
    one: 256,
    stride: 1,
  },
  {
    name: '4e',
    inputs: 640,
    three: [160, 256],
    five: [64, 128],
    pool: { kind: 'max', channels: undefined, pad: [0, 1] },
    one: undefined,
    stride: 2,
  },
  {
    name: '5a',
    inputs: 1024,
    three: [96, 384],
    five: undefined,
    pool: { kind: 'l2', channels: 96, pad: [1, 1] },
    one: 256,
    stride: 1,
  },
  {
    name: '5b',
    inputs: 736,
    three: [96, 384],
    five: undefined,
    pool: { kind: 'max', channels: 96, pad: [1, 1] },
    one: 256,
    stride: 1,
  },
];
