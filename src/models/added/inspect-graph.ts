// pure
import { type Field, FieldBudget, fieldsOf, type Range } from '../onnx/protobuf-reader.js';

/** One axis of a tensor: its length, or undefined where it is free or only named. */
export type Axis = number | undefined;

/** An input or output of a graph. */
export interface TensorFacts {
  readonly name: string;
  /** TensorProto.DataType: 1 is a 32-bit float. Undefined: not a tensor, or of no stated type. */
  readonly elementType: number | undefined;
  /** Undefined: of no stated shape. */
  readonly shape: readonly Axis[] | undefined;
}

/** What an ONNX file says of itself, as far as it matters here. */
export interface GraphFacts {
  /** Those that are no weights. */
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly nodes: number;
  /** Operators that are not ONNX's own, as `domain.operator`. */
  readonly foreign: readonly string[];
  /** Whether weights lie in another file. */
  readonly external: boolean;
  /** Whether it brings functions of its own. */
  readonly functions: boolean;
}

/** The largest encoder that was looked at, of some 100 layers, has fewer than 5,000. */
const FIELDS_MAX = 2_000_000;
/** Branches within branches. */
const DEPTH_MAX = 4;
/** Foreign operators that are named. */
const NAMED_MAX = 5;
/** TensorProto.DataLocation */
const EXTERNAL = 1;

/**
 * Reads what an ONNX file holds without running it. Field numbers are those of onnx.proto.
 * @throws RangeError saying what is wrong, when it is no ONNX file or more than one may be
 */
export function inspectGraph(model: Uint8Array): GraphFacts {
  const look = new Look(model);
  const fields = look.fields({ from: 0, to: model.length });
  const [graph, second] = messages(fields, 7);
  if (!graph) throw new RangeError('it holds no graph');
  if (second) throw new RangeError('it holds more than one graph');
  look.walk(graph, 0);
  const parts = look.fields(graph);
  const weights = new Set([...messages(parts, 5), ...messages(parts, 15)].map((tensor) => look.nameOfWeights(tensor)));
  return {
    // Files of before 2019 list the weights among the inputs as well.
    inputs: messages(parts, 11)
      .map((value) => look.tensor(value))
      .filter(({ name }) => !weights.has(name)),
    outputs: messages(parts, 12).map((value) => look.tensor(value)),
    nodes: look.nodes,
    foreign: [...look.foreign].slice(0, NAMED_MAX),
    external: look.external,
    functions: messages(fields, 25).length > 0,
  };
}

const messages = (fields: readonly Field[], number: number): Range[] =>
  fields.flatMap((one) => (one.field === number && one.kind === 'bytes' ? [one.range] : []));

const numberIn = (fields: readonly Field[], number: number): number | undefined =>
  fields.flatMap((one) => (one.field === number && one.kind === 'int' ? [one.value] : [])).at(-1);

class Look {
  readonly #bytes: Uint8Array;
  readonly #budget = new FieldBudget(FIELDS_MAX);
  readonly foreign = new Set<string>();
  external = false;
  nodes = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  fields(range: Range): Field[] {
    return fieldsOf(this.#bytes, range, this.#budget);
  }

  /** Only what can be printed: the file may hold anything. */
  #text(fields: readonly Field[], number: number): string {
    const range = messages(fields, number).at(-1);
    if (!range) return '';
    const bytes = this.#bytes.subarray(range.from, Math.min(range.to, range.from + 80));
    return Array.from(bytes, (byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?')).join('');
  }

  /** Nodes and weights of a graph and of the graphs in its nodes. */
  walk(graph: Range, depth: number): void {
    if (depth > DEPTH_MAX) throw new RangeError(`its graphs lie more than ${DEPTH_MAX} deep in each other`);
    const parts = this.fields(graph);
    for (const tensor of messages(parts, 5)) this.#weights(tensor);
    for (const sparse of messages(parts, 15)) this.#sparse(sparse);
    for (const node of messages(parts, 1)) this.#node(node, depth);
  }

  #node(node: Range, depth: number): void {
    this.nodes += 1;
    const parts = this.fields(node);
    const domain = this.#text(parts, 7);
    if (domain !== '' && domain !== 'ai.onnx') this.foreign.add(`${domain}.${this.#text(parts, 4)}`);
    for (const attribute of messages(parts, 5)) {
      const inside = this.fields(attribute);
      for (const tensor of [...messages(inside, 5), ...messages(inside, 10)]) this.#weights(tensor);
      for (const sparse of [...messages(inside, 22), ...messages(inside, 23)]) this.#sparse(sparse);
      for (const graph of [...messages(inside, 6), ...messages(inside, 11)]) this.walk(graph, depth + 1);
    }
  }

  #weights(tensor: Range): void {
    const parts = this.fields(tensor);
    if (numberIn(parts, 14) === EXTERNAL || messages(parts, 13).length > 0) this.external = true;
  }

  #sparse(tensor: Range): void {
    const parts = this.fields(tensor);
    for (const part of [...messages(parts, 1), ...messages(parts, 2)]) this.#weights(part);
  }

  nameOfWeights(tensor: Range): string {
    return this.#text(this.fields(tensor), 8);
  }

  /** A ValueInfoProto. */
  tensor(value: Range): TensorFacts {
    const parts = this.fields(value);
    const [type] = messages(parts, 2);
    const [tensor] = type ? messages(this.fields(type), 1) : [];
    const inside = tensor ? this.fields(tensor) : [];
    const [shape] = messages(inside, 2);
    const axes = shape && messages(this.fields(shape), 1).map((axis) => this.#axis(axis));
    return { name: this.#text(parts, 1), elementType: numberIn(inside, 1), shape: axes };
  }

  #axis(axis: Range): Axis {
    const length = numberIn(this.fields(axis), 1);
    // Some exporters write 0 or −1 for a free axis; a negative number is read as a huge one.
    return length !== undefined && length > 0 && length < 2 ** 31 ? length : undefined;
  }
}
