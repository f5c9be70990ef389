// pure
import { OperatingError } from '../../kit/errors.js';
import type { Axis, GraphFacts, TensorFacts } from './inspect-graph.js';
import type { Layout, Reading } from './presets.js';

/** How a graph takes a picture and gives numbers. */
export interface Fitted {
  readonly layout: Layout;
  readonly output: string;
  readonly dimension: number;
}

/** Fewer numbers say too little of a face; more are of no use and cost time with every comparison. */
export const DIMENSION_MIN = 16;
export const DIMENSION_MAX = 1024;
/** TensorProto.DataType */
const FLOAT = 1;
const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};

/**
 * Finds how the graph takes pictures as the reading makes them.
 * @throws OperatingError KAIMON_ENCODER_GRAPH naming what was found and what is allowed
 */
export function fitGraph(facts: GraphFacts, reading: Reading): Fitted {
  if (facts.external)
    throw unfit('its weights lie in another file: only a network that is whole in one file can be added');
  if (facts.functions)
    throw unfit('it brings functions of its own: only operators of ONNX itself are allowed, export it without them');
  if (facts.foreign.length > 0)
    throw unfit(`it uses ${facts.foreign.join(', ')}: only operators of ONNX itself (domain ai.onnx) are allowed`);
  const layout = layoutOf(facts, reading);
  const output = outputOf(facts, reading);
  return { layout, output: output.name, dimension: dimensionOf(output, reading) };
}

const unfit = (why: string): OperatingError =>
  new OperatingError('KAIMON_ENCODER_GRAPH', `this network cannot be used: ${why}`);

function layoutOf({ inputs }: GraphFacts, { size, layout }: Reading): Layout {
  const [input, second] = inputs;
  if (!input || second)
    throw unfit(`it has ${inputs.length} inputs (${written(inputs)}), exactly one is allowed: the picture`);
  if (input.elementType !== FLOAT) throw unfit(`its input ${input.name} is ${typeOf(input)}, float32 is allowed`);
  const [batch, ...rest] = input.shape ?? [];
  const shapes: Readonly<Record<Layout, readonly number[]>> = { nchw: [3, size, size], nhwc: [size, size, 3] };
  const allowed = layout === undefined ? (['nchw', 'nhwc'] as const) : ([layout] as const);
  const wanted = allowed.map((one) => `[1, ${shapes[one].join(', ')}] (${one})`).join(' or ');
  const found = `its input ${input.name} is ${shapeOf(input.shape)}, ${wanted} is allowed`;
  if (input.shape === undefined || rest.length !== 3 || (batch !== undefined && batch !== 1)) throw unfit(found);
  const fitting = allowed.filter((one) =>
    shapes[one].every((length, i) => rest[i] === undefined || rest[i] === length),
  );
  const [only, other] = fitting;
  if (only === undefined) throw unfit(found);
  if (other !== undefined) throw unfit(`${found}; its shape does not say which: give --layout`);
  return only;
}

function outputOf({ outputs }: GraphFacts, { output }: Reading): TensorFacts {
  const named = output === undefined ? outputs : outputs.filter(({ name }) => name === output);
  const [only, other] = named;
  if (!only) throw unfit(`it has no output ${output ?? ''}, only ${written(outputs)}`);
  if (other)
    throw unfit(
      `it has ${outputs.length} outputs (${written(outputs)}): --output names the one with the numbers of a face`,
    );
  if (only.elementType !== FLOAT) throw unfit(`its output ${only.name} is ${typeOf(only)}, float32 is allowed`);
  return only;
}

function dimensionOf({ name, shape }: TensorFacts, { dimension }: Reading): number {
  const wanted = dimension === undefined ? `from ${DIMENSION_MIN} to ${DIMENSION_MAX} numbers` : `[1, ${dimension}]`;
  const found = `its output ${name} is ${shapeOf(shape)}, ${wanted} for one face are allowed`;
  const [batch, ...rest] = shape ?? [];
  const lengths = rest.filter((length) => length !== 1);
  const [numbers] = lengths;
  if (shape === undefined || (batch !== undefined && batch !== 1) || lengths.length !== 1 || numbers === undefined)
    throw unfit(found);
  if (numbers < DIMENSION_MIN || numbers > DIMENSION_MAX) throw unfit(found);
  if (dimension !== undefined && numbers !== dimension)
    throw unfit(`${found} by this preset; --preset custom takes others`);
  return numbers;
}

const typeOf = ({ elementType }: TensorFacts): string =>
  elementType === undefined ? 'of no stated type' : (TYPES[elementType] ?? `of ONNX's type ${elementType}`);

const shapeOf = (shape: readonly Axis[] | undefined): string =>
  shape === undefined
    ? 'of no stated shape'
    : `[${shape
        .slice(0, 8)
        .map((length) => length ?? '?')
        .join(', ')}]`;

const written = (tensors: readonly TensorFacts[]): string =>
  tensors
    .slice(0, 5)
    .map(({ name, shape }) => `${name} ${shapeOf(shape)}`)
    .join('; ') || 'none';
