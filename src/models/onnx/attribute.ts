// pure
import { impossible } from '../../kit/errors.js';
import { ProtobufWriter } from './protobuf.js';
import { fieldsOf, type Range } from './protobuf-reader.js';
import { floatsIn, intsIn, rangesOf, readTensor, type Tensor, textIn } from './tensor.js';

/** A setting of a node. It has a tag because ONNX distinguishes whole numbers from floats and JavaScript does not. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const string = (value: string): Attribute => ({ kind: 'string', value });
export const ints = (...value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const floats = (...value: readonly number[]): Attribute => ({ kind: 'floats', value });

/** AttributeProto.AttributeType of onnx.proto. */
const TYPE = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;
const TENSOR = 4;

/** The message AttributeProto; field numbers are those of onnx.proto. */
export function encodeAttribute(name: string, attribute: Attribute): ProtobufWriter {
  const proto = new ProtobufWriter().text(1, name);
  switch (attribute.kind) {
    case 'float':
      proto.float(2, attribute.value);
      break;
    case 'int':
      proto.int(3, attribute.value);
      break;
    case 'string':
      proto.text(4, attribute.value);
      break;
    case 'floats':
      for (const value of attribute.value) proto.float(7, value);
      break;
    case 'ints':
      for (const value of attribute.value) proto.int(8, value);
      break;
    default:
      impossible(attribute);
  }
  return proto.int(20, TYPE[attribute.kind]);
}

/** An attribute of a file; a tensor only in a node of the operator Constant. */
export type ReadAttribute = Attribute | { readonly kind: 'tensor'; readonly value: Tensor };

/** Reads an AttributeProto. @throws RangeError when it holds something else, such as a graph */
export function readAttribute(bytes: Uint8Array, range: Range): readonly [name: string, ReadAttribute] {
  const fields = fieldsOf(bytes, range);
  const name = textIn(bytes, fields, 1);
  return [name, contentOf(name)];

  function contentOf(of: string): ReadAttribute {
    const [type] = intsIn(bytes, fields, 20).map(Number);
    const numbers = (field: number) => rangesOf(fields, field).flatMap((one) => [...floatsIn(bytes, one)]);
    const [whole = 0n] = intsIn(bytes, fields, 3);
    const [single = 0] = numbers(2);
    const [tensor] = rangesOf(fields, 5);
    switch (type) {
      case TYPE.float:
        return float(single);
      case TYPE.int:
        return { kind: 'int', value: whole };
      case TYPE.string:
        return string(textIn(bytes, fields, 4));
      case TYPE.floats:
        return floats(...numbers(7));
      case TYPE.ints:
        return { kind: 'ints', value: intsIn(bytes, fields, 8) };
      case TENSOR:
        if (tensor) return { kind: 'tensor', value: readTensor(bytes, tensor) };
        break;
    }
    throw new RangeError(`the attribute ${of} is of ONNX's kind ${type}, which is not known here`);
  }
}
