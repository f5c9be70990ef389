// pure
import { type Attributes, encodeAttribute } from './attribute.js';
import { ProtobufWriter } from './protobuf.js';

declare const valueBrand: unique symbol;

/** The name of a tensor in one graph: an input, a constant or the output of a node. Only {@link Graph} makes them. */
export type Value = string & { readonly [valueBrand]: true };

/** One axis: a length, or the name of a length known at run time (the batch). */
export type Axis = number | string;

/** Contents of a constant; the element type follows from the array's. Uint16Array holds the bits of half-precision floats. */
export type TensorData = Float32Array | Uint8Array | Uint16Array | BigInt64Array;

/** TensorProto.DataType */
const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;
const FLOAT16 = 10;

function elementType(data: TensorData): number {
  if (data instanceof Float32Array) return FLOAT;
  if (data instanceof Uint8Array) return UINT8;
  return data instanceof Uint16Array ? FLOAT16 : INT64;
}

export interface GraphOptions {
  readonly name: string;
  /** Facts about the model that travel inside the file (source, licence). */
  readonly metadata: Readonly<Record<string, string>>;
}

/** ONNX file format version and operator set that the nodes follow. Every ONNX Runtime since 1.8 reads both. */
const IR_VERSION = 8;
const OPSET = 13;

/**
 * Builds one ONNX graph, node by node in order of computation, and encodes it as a model file.
 * The same calls give the same bytes. Names of operators and attributes are those of the ONNX operator documents;
 * field numbers below are those of onnx.proto.
 */
export class Graph {
  readonly #options: GraphOptions;
  readonly #names = new Set<string>();
  readonly #nodes: ProtobufWriter[] = [];
  readonly #constants: ProtobufWriter[] = [];
  readonly #inputs: ProtobufWriter[] = [];
  readonly #outputs: ProtobufWriter[] = [];

  constructor(options: GraphOptions) {
    this.#options = options;
  }

  /** A float input of the model. */
  input(name: string, shape: readonly Axis[]): Value {
    this.#inputs.push(valueInfo(name, shape));
    return this.#declare(name);
  }

  /** A constant (weights). @throws RangeError when data and shape do not fit. */
  constant(name: string, shape: readonly number[], data: TensorData): Value {
    const count = shape.reduce((product, length) => product * length, 1);
    if (count !== data.length)
      throw new RangeError(`constant ${name}: ${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
    const proto = new ProtobufWriter();
    for (const length of shape) proto.int(1, length);
    proto.int(2, elementType(data));
    this.#constants.push(proto.text(8, name).bytes(9, littleEndian(data)));
    return this.#declare(name);
  }

  /** A node with one output, which takes the node's name. */
  node(operator: string, name: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const proto = new ProtobufWriter();
    for (const input of inputs) {
      if (!this.#names.has(input)) throw new RangeError(`node ${name} uses ${input}, which is not in the graph`);
      proto.text(1, input);
    }
    proto.text(2, name).text(3, name).text(4, operator);
    for (const [key, attribute] of Object.entries(attributes)) proto.message(5, encodeAttribute(key, attribute));
    this.#nodes.push(proto);
    return this.#declare(name);
  }

  /** Declares a value as a float output of the model. */
  output(value: Value, shape: readonly Axis[]): void {
    if (!this.#names.has(value)) throw new RangeError(`output ${value} is not in the graph`);
    this.#outputs.push(valueInfo(value, shape));
  }

  /** The bytes of the .onnx file. */
  encode(): Uint8Array {
    const graph = new ProtobufWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.text(2, this.#options.name);
    for (const constant of this.#constants) graph.message(5, constant);
    for (const input of this.#inputs) graph.message(11, input);
    for (const output of this.#outputs) graph.message(12, output);
    const model = new ProtobufWriter().int(1, IR_VERSION).text(2, 'kaimon').message(7, graph);
    model.message(8, new ProtobufWriter().text(1, '').int(2, OPSET));
    for (const [key, value] of Object.entries(this.#options.metadata))
      model.message(14, new ProtobufWriter().text(1, key).text(2, value));
    return model.finish();
  }

  #declare(name: string): Value {
    if (this.#names.has(name)) throw new RangeError(`the name ${name} is taken in this graph`);
    this.#names.add(name);
    return name as Value;
  }
}

/** ValueInfoProto of a float tensor. */
function valueInfo(name: string, shape: readonly Axis[]): ProtobufWriter {
  const axes = new ProtobufWriter();
  for (const axis of shape) {
    const dimension = new ProtobufWriter();
    axes.message(1, typeof axis === 'number' ? dimension.int(1, axis) : dimension.text(2, axis));
  }
  const tensor = new ProtobufWriter().int(1, FLOAT).message(2, axes);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
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
