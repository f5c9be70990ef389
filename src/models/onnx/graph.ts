// pure
import { type Attributes, encodeAttribute } from './attribute.js';
import { ProtobufWriter } from './protobuf.js';
import { type Axis, encodeTensor, encodeTensorInfo, FLOAT, type TensorData } from './tensor.js';

declare const valueBrand: unique symbol;

/** The name of a tensor in one graph: an input, a constant or the output of a node. Only {@link Graph} makes them. */
export type Value = string & { readonly [valueBrand]: true };

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
    this.#inputs.push(encodeTensorInfo(name, { elementType: FLOAT, shape }));
    return this.#declare(name);
  }

  /** A constant (weights). @throws RangeError when data and shape do not fit. */
  constant(name: string, shape: readonly number[], data: TensorData): Value {
    this.#constants.push(encodeTensor(name, { shape, data }));
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
    this.#outputs.push(encodeTensorInfo(value, { elementType: FLOAT, shape }));
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
