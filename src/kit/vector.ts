// pure
/** Little-endian float32 numbers of a base64 text. The length is not checked against any encoder here. */
export function decodeVector(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const numbers = new Float32Array(bytes.byteLength >> 2);
  if (littleEndian) {
    new Uint8Array(numbers.buffer).set(bytes.subarray(0, numbers.length * 4));
    return numbers;
  }
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readFloatLE(i * 4);
  return numbers;
}

/** Inverse of {@link decodeVector}. */
export function encodeVector(vector: Float32Array): string {
  if (littleEndian) return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, i) => {
    bytes.writeFloatLE(value, i * 4);
  });
  return bytes.toString('base64');
}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
