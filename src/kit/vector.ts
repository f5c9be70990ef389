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

/**
 * The direction of a weighted sum of vectors of one length, as a unit vector. Undefined where the sum has none: no vectors,
 * no weight, or vectors that cancel each other. @param weights one a vector, ≥ 0; all alike when not given
 */
export function meanDirection(vectors: readonly Float32Array[], weights?: readonly number[]): Float32Array | undefined {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  vectors.forEach((vector, at) => {
    const weight = weights ? (weights[at] ?? 0) : 1;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (vector[i] as number);
  });
  const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  return length > 1e-6 && Number.isFinite(length) ? Float32Array.from(sum, (value) => value / length) : undefined;
}
