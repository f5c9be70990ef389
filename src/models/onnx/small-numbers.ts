// pure
import { fieldsOf, type Range } from './protobuf-reader.js';

/**
 * Weights nearer to zero count as zero. Below 1.2e-38 a number is denormal, and some CPUs take many times as long for each
 * multiplication with one; the products of a weight above that and a small activation are denormal as well, hence the distance.
 */
export const SMALL = 1e-30;

/** TensorProto.DataType */
const FLOAT = 1;

/** An ONNX model in which every weight nearer to zero than {@link SMALL} is zero, and how many that were. @throws RangeError when it is not an ONNX file */
export function flushSmallNumbers(model: Uint8Array): { readonly model: Uint8Array; readonly flushed: number } {
  const flat = Uint8Array.from(model);
  const numbers = new DataView(flat.buffer);
  let flushed = 0;
  for (const { from, to } of floatsOf(model)) {
    if ((to - from) % 4 !== 0) throw new RangeError(`${to - from} bytes of weights are no whole number of floats`);
    for (let at = from; at < to; at += 4) {
      const number = Math.abs(numbers.getFloat32(at, true));
      if (number === 0 || number >= SMALL || Number.isNaN(number)) continue;
      numbers.setFloat32(at, 0, true);
      flushed++;
    }
  }
  return { model: flat, flushed };
}

/** Where the 32-bit weights are: those of the graph, and of the constants in its nodes. Field numbers are those of onnx.proto. */
function floatsOf(model: Uint8Array): Range[] {
  const inside = (ranges: readonly Range[], field: number): Range[] =>
    ranges.flatMap((range) =>
      fieldsOf(model, range).flatMap((one) => (one.field === field && one.kind === 'bytes' ? [one.range] : [])),
    );
  const floats: Range[] = [];
  for (let graphs = inside([{ from: 0, to: model.length }], 7); graphs.length > 0; ) {
    const attributes = inside(inside(graphs, 1), 5);
    for (const tensor of [...inside(graphs, 5), ...inside(attributes, 5), ...inside(attributes, 10)])
      floats.push(...floatsOfTensor(model, tensor));
    // Branches and loops have graphs of their own.
    graphs = [...inside(attributes, 6), ...inside(attributes, 11)];
  }
  return floats;
}

function floatsOfTensor(model: Uint8Array, tensor: Range): Range[] {
  const fields = fieldsOf(model, tensor);
  const isFloat = fields.some((one) => one.field === 2 && one.kind === 'int' && one.value === FLOAT);
  if (!isFloat) return [];
  return fields.flatMap((one) => {
    const holds = (one.field === 9 && one.kind === 'bytes') || (one.field === 4 && one.kind !== 'int');
    return holds ? [one.range] : [];
  });
}
