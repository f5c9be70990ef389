// pure
import { ProtobufWriter } from './protobuf.js';
import { type Field, fieldsOf, type Range, signedIn } from './protobuf-reader.js';

/** Numbers of a constant; the element type follows from the array's. Uint16Array holds the bits of half-precision floats. */
export type TensorData = Float32Array | Uint8Array | Uint16Array | BigInt64Array;

/** A constant of a graph: weights, or whole numbers that say how. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** One axis: a length, or the name of a length known at run time (the batch). */
export type Axis = number | string;

/** What a graph says of its inputs and outputs. */
export interface TensorInfo {
  /** TensorProto.DataType */
  readonly elementType: number;
  readonly shape: readonly Axis[];
}

/** TensorProto.DataType */
export const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;
const FLOAT16 = 10;
/** TensorProto.DataLocation */
const EXTERNAL = 1;

const lengthOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

function elementType(data: TensorData): number {
  if (data instanceof Float32Array) return FLOAT;
  if (data instanceof Uint8Array) return UINT8;
  return data instanceof Uint16Array ? FLOAT16 : INT64;
}

/** The message TensorProto; field numbers are those of onnx.proto. @throws RangeError when numbers and shape do not fit */
export function encodeTensor(name: string, { shape, data }: Tensor): ProtobufWriter {
  if (lengthOf(shape) !== data.length)
    throw new RangeError(`constant ${name}: ${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
  const proto = new ProtobufWriter();
  for (const length of shape) proto.int(1, length);
  return proto.int(2, elementType(data)).text(8, name).bytes(9, littleEndian(data));
}

/** The message ValueInfoProto. */
export function encodeTensorInfo(name: string, { elementType, shape }: TensorInfo): ProtobufWriter {
  const axes = new ProtobufWriter();
  for (const axis of shape) {
    const dimension = new ProtobufWriter();
    axes.message(1, typeof axis === 'number' ? dimension.int(1, axis) : dimension.text(2, axis));
  }
  const tensor = new ProtobufWriter().int(1, elementType).message(2, axes);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

/** Reads a TensorProto. @throws RangeError when it is not whole, lies in another file or holds numbers of another type */
export function readTensor(bytes: Uint8Array, range: Range): Tensor & { readonly name: string } {
  const fields = fieldsOf(bytes, range);
  const name = textIn(bytes, fields, 8);
  if (intsIn(bytes, fields, 14).includes(BigInt(EXTERNAL)))
    throw new RangeError(`constant ${name} lies in another file`);
  const shape = intsIn(bytes, fields, 1).map(Number);
  const [type] = intsIn(bytes, fields, 2);
  const data = numbersOf(bytes, fields, Number(type ?? 0), name);
  if (lengthOf(shape) !== data.length)
    throw new RangeError(`constant ${name}: ${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
  return { name, shape, data };
}

/** A tensor's numbers stand as raw bytes, or in a list of their type. */
function numbersOf(bytes: Uint8Array, fields: readonly Field[], type: number, name: string): TensorData {
  const [raw] = rangesOf(fields, 9);
  if (raw) return fromLittleEndian(bytes.subarray(raw.from, raw.to), type, name);
  switch (type) {
    case FLOAT:
      return Float32Array.from(rangesOf(fields, 4).flatMap((range) => [...floatsIn(bytes, range)]));
    case INT64:
      return BigInt64Array.from(intsIn(bytes, fields, 7));
    case UINT8:
      return Uint8Array.from(intsIn(bytes, fields, 5), Number);
    case FLOAT16:
      return Uint16Array.from(intsIn(bytes, fields, 5), Number);
    default:
      throw new RangeError(`constant ${name} holds numbers of ONNX's type ${type}, which is not known here`);
  }
}

/** Reads a ValueInfoProto. @throws RangeError when it is no tensor of a stated shape */
export function readTensorInfo(bytes: Uint8Array, range: Range): TensorInfo & { readonly name: string } {
  const fields = fieldsOf(bytes, range);
  const name = textIn(bytes, fields, 1);
  const [type] = rangesOf(fields, 2);
  const [tensor] = type ? rangesOf(fieldsOf(bytes, type), 1) : [];
  const inside = tensor ? fieldsOf(bytes, tensor) : [];
  const [elementType] = intsIn(bytes, inside, 1);
  const [shape] = rangesOf(inside, 2);
  if (elementType === undefined || !shape) throw new RangeError(`${name} is no tensor of a stated shape`);
  const axes = rangesOf(fieldsOf(bytes, shape), 1).map((axis): Axis => {
    const parts = fieldsOf(bytes, axis);
    const [length] = intsIn(bytes, parts, 1);
    return length === undefined ? textIn(bytes, parts, 2) : Number(length);
  });
  return { name, elementType: Number(elementType), shape: axes };
}

/** Where the messages, texts and lists of one number are. */
export const rangesOf = (fields: readonly Field[], number: number): Range[] =>
  fields.flatMap((one) => (one.field === number && one.kind !== 'int' ? [one.range] : []));

/** Whole numbers of one field, each by itself or packed. */
export const intsIn = (bytes: Uint8Array, fields: readonly Field[], number: number): bigint[] =>
  fields.flatMap((one) => (one.field === number && one.kind !== 'fixed' ? signedIn(bytes, one.range) : []));

/** The last text of one field; empty when there is none. */
export function textIn(bytes: Uint8Array, fields: readonly Field[], number: number): string {
  const range = rangesOf(fields, number).at(-1);
  return range ? textAt(bytes, range) : '';
}

/** The text that fills a range. @throws RangeError when it is none: two broken names could be read as one */
export function textAt(bytes: Uint8Array, { from, to }: Range): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to));
  } catch (cause) {
    throw new RangeError(`the name at ${from} is no text`, { cause });
  }
}

/** 32-bit floats that fill a range. @throws RangeError when they do not */
export function floatsIn(bytes: Uint8Array, { from, to }: Range): Float32Array {
  if ((to - from) % 4 !== 0) throw new RangeError(`${to - from} bytes are no whole number of floats`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  return Float32Array.from({ length: (to - from) / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

/** The file holds little-endian numbers whatever the machine. */
function littleEndian(data: TensorData): Uint8Array {
  const width = data.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(data.length * width);
  const view = new DataView(bytes.buffer);
  data.forEach((value: number | bigint, i: number) => {
    if (typeof value === 'bigint') view.setBigInt64(i * width, value, true);
    else if (width === 2) view.setUint16(i * width, value, true);
    else if (width === 4) view.setFloat32(i * width, value, true);
    else view.setUint8(i, value);
  });
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array, type: number, name: string): TensorData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = (width: number): { length: number } => {
    if (bytes.length % width !== 0)
      throw new RangeError(`constant ${name}: ${bytes.length} bytes are not whole numbers`);
    return { length: bytes.length / width };
  };
  switch (type) {
    case FLOAT:
      return Float32Array.from(count(4), (_, i) => view.getFloat32(i * 4, true));
    case UINT8:
      return Uint8Array.from(bytes);
    case INT64:
      return BigInt64Array.from(count(8), (_, i) => view.getBigInt64(i * 8, true));
    case FLOAT16:
      return Uint16Array.from(count(2), (_, i) => view.getUint16(i * 2, true));
    default:
      throw new RangeError(`constant ${name} holds numbers of ONNX's type ${type}, which is not known here`);
  }
}
