// pure
import { impossible } from '../../kit/errors.js';
import { ProtobufWriter } from './protobuf.js';

/** A setting of a node. It has a tag because ONNX distinguishes whole numbers from floats and JavaScript does not. */
export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const string = (value: string): Attribute => ({ kind: 'string', value });
export const ints = (...value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const floats = (...value: readonly number[]): Attribute => ({ kind: 'floats', value });

/** AttributeProto.AttributeType of onnx.proto. */
const TYPE = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

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
