// pure
import { type Attribute, encodeAttribute, readAttribute } from './attribute.js';
import { ProtobufWriter } from './protobuf.js';
import { type Field, fieldsOf, type Range } from './protobuf-reader.js';
import {
  encodeTensor,
  encodeTensorInfo,
  intsIn,
  rangesOf,
  readTensor,
  readTensorInfo,
  type Tensor,
  type TensorInfo,
  textAt,
  textIn,
} from './tensor.js';

/** One step of the computation. Values are names; an input of no name is one that is left out. */
export interface Node {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A whole ONNX file, read: nodes in the order of computation, everything by name. Graph (graph.ts) builds a file from nothing, this one is changed. */
export interface NetworkGraph {
  readonly irVersion: number;
  readonly opset: number;
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Reads an ONNX file. Nodes that only hold a tensor become constants.
 * @throws RangeError saying what is wrong, or what this reader does not know: other operators than ONNX's own, graphs in nodes, weights in other files
 */
export function readNetworkGraph(bytes: Uint8Array): NetworkGraph {
  const model = fieldsOf(bytes, { from: 0, to: bytes.length });
  const [graph, second] = rangesOf(model, 7);
  if (!graph || second) throw new RangeError('it does not hold one graph');
  const fields = fieldsOf(bytes, graph);
  const constants = new Map<string, Tensor>();
  const nodes: Node[] = [];
  for (const range of rangesOf(fields, 5)) {
    const { name, ...tensor } = readTensor(bytes, range);
    constants.set(name, tensor);
  }
  for (const range of rangesOf(fields, 1)) {
    const read = readNode(bytes, range);
    if ('tensor' in read) constants.set(read.output, read.tensor);
    else nodes.push(read);
  }
  const infos = (field: number): Map<string, TensorInfo> =>
    new Map(
      rangesOf(fields, field).map((range) => {
        const { name, ...info } = readTensorInfo(bytes, range);
        return [name, info];
      }),
    );
  // Files of before 2019 list the weights among the inputs as well.
  const inputs = new Map([...infos(11)].filter(([name]) => !constants.has(name)));
  return {
    irVersion: Number(intsIn(bytes, model, 1).at(-1) ?? 0n),
    opset: opsetOf(bytes, model),
    name: textIn(bytes, fields, 2),
    nodes,
    constants,
    inputs,
    outputs: infos(12),
    metadata: new Map(
      rangesOf(model, 14).map((range) => {
        const entry = fieldsOf(bytes, range);
        return [textIn(bytes, entry, 1), textIn(bytes, entry, 2)];
      }),
    ),
  };
}

function opsetOf(bytes: Uint8Array, model: readonly Field[]): number {
  const sets = rangesOf(model, 8).map((range) => fieldsOf(bytes, range));
  const own = sets.filter((set) => ['', 'ai.onnx'].includes(textIn(bytes, set, 1)));
  const version = own[0] && intsIn(bytes, own[0], 2).at(-1);
  if (own.length !== 1 || version === undefined)
    throw new RangeError("it does not name one version of ONNX's operators");
  return Number(version);
}

function readNode(bytes: Uint8Array, range: Range): Node | { readonly output: string; readonly tensor: Tensor } {
  const fields = fieldsOf(bytes, range);
  const texts = (field: number): string[] => rangesOf(fields, field).map((one) => textAt(bytes, one));
  const operator = textIn(bytes, fields, 4);
  const domain = textIn(bytes, fields, 7);
  if (domain !== '' && domain !== 'ai.onnx')
    throw new RangeError(`it uses ${domain}.${operator}, which is not ONNX's own`);
  const outputs = texts(2);
  const attributes = new Map<string, Attribute>();
  for (const one of rangesOf(fields, 5)) {
    const [name, attribute] = readAttribute(bytes, one);
    if (attribute.kind !== 'tensor') attributes.set(name, attribute);
    else if (operator === 'Constant' && outputs[0] !== undefined)
      return { output: outputs[0], tensor: attribute.value };
    else throw new RangeError(`the attribute ${name} of ${operator} is a tensor`);
  }
  return { operator, name: textIn(bytes, fields, 3), inputs: texts(1), outputs, attributes };
}

/** The bytes of the .onnx file: the same graph gives the same bytes. Field numbers are those of onnx.proto. */
export function encodeNetworkGraph({
  irVersion,
  opset,
  name,
  nodes,
  constants,
  inputs,
  outputs,
  metadata,
}: NetworkGraph): Uint8Array {
  const graph = new ProtobufWriter();
  for (const node of nodes) graph.message(1, encodeNode(node));
  graph.text(2, name);
  for (const [constant, tensor] of constants) graph.message(5, encodeTensor(constant, tensor));
  for (const [input, info] of inputs) graph.message(11, encodeTensorInfo(input, info));
  for (const [output, info] of outputs) graph.message(12, encodeTensorInfo(output, info));
  const model = new ProtobufWriter().int(1, irVersion).text(2, 'kaimon').message(7, graph);
  model.message(8, new ProtobufWriter().text(1, '').int(2, opset));
  for (const [key, value] of metadata) model.message(14, new ProtobufWriter().text(1, key).text(2, value));
  return model.finish();
}

function encodeNode({ operator, name, inputs, outputs, attributes }: Node): ProtobufWriter {
  const proto = new ProtobufWriter();
  for (const input of inputs) proto.text(1, input);
  for (const output of outputs) proto.text(2, output);
  proto.text(3, name).text(4, operator);
  for (const [key, attribute] of attributes) proto.message(5, encodeAttribute(key, attribute));
  return proto;
}
