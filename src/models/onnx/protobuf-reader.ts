// pure
/** Bytes `from` to before `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** One field of a message: a number in variable length, or only where its bytes are (`fixed`: a number of four or eight bytes). */
export type Field =
  | { readonly field: number; readonly kind: 'int'; readonly value: number; readonly range: Range }
  | { readonly field: number; readonly kind: 'bytes' | 'fixed'; readonly range: Range };

/** How many fields may still be read of a file that somebody brought: each of them costs many times its bytes. */
export class FieldBudget {
  readonly #most: number;
  #spent = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws RangeError when there were more */
  spend(): void {
    this.#spent += 1;
    if (this.#spent > this.#most) throw new RangeError(`it has more than ${this.#most} fields`);
  }
}

/** The fields of the message in a range, in the order in which they stand, read from the protobuf wire format. @throws RangeError where it breaks off or is none */
export function fieldsOf(bytes: Uint8Array, { from, to }: Range, budget?: FieldBudget): Field[] {
  const found: Field[] = [];
  for (let at = from; at < to; ) {
    budget?.spend();
    const tag = varintAt(bytes, at, to);
    const field = tag.value >>> 3;
    const type = tag.value & 7;
    if (type === 0) {
      const { value, next } = varintAt(bytes, tag.next, to);
      found.push({ field, kind: 'int', value, range: { from: tag.next, to: next } });
      at = next;
      continue;
    }
    const { length, start } = lengthAt(bytes, tag.next, to, type);
    const range = { from: start, to: start + length };
    if (range.to > to) throw new RangeError(`a field of ${length} bytes at ${start} is longer than its message`);
    found.push({ field, kind: type === 2 ? 'bytes' : 'fixed', range });
    at = range.to;
  }
  return found;
}

function lengthAt(bytes: Uint8Array, at: number, to: number, type: number): { length: number; start: number } {
  if (type === 1) return { length: 8, start: at };
  if (type === 5) return { length: 4, start: at };
  if (type !== 2) throw new RangeError(`the wire type ${type} at ${at} is not known`);
  const { value, next } = varintAt(bytes, at, to);
  return { length: value, start: next };
}

/** The signed 64-bit numbers in variable length that fill a range: one of a field of kind `int`, or a packed list. @throws RangeError where one breaks off */
export function signedIn(bytes: Uint8Array, { from, to }: Range): bigint[] {
  const found: bigint[] = [];
  for (let at = from; at < to; ) {
    const { next } = varintAt(bytes, at, to);
    let value = 0n;
    for (let i = next - 1; i >= at; i--) value = (value << 7n) | BigInt((bytes[i] as number) & 0x7f);
    found.push(BigInt.asIntN(64, value));
    at = next;
  }
  return found;
}

/** Seven bits a byte, least significant first, at most ten bytes. A negative number, which is of no use here, is read as a huge one. */
function varintAt(bytes: Uint8Array, from: number, to: number): { value: number; next: number } {
  let value = 0;
  for (let at = from; at < Math.min(to, from + 10); at++) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError(`the number at ${from} does not end`);
}
