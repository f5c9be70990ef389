// pure
import { z } from 'zod';

/**
 * Weights as TensorFlow.js stores them quantised: a JSON list of tensors and one file with all their bytes, in the
 * list's order. A number is byte × scale + min.
 */
const tensorSchema = z.object({
  name: z.string().min(1).max(200),
  shape: z.array(z.int().min(1).max(100_000)).max(6),
  dtype: z.literal('float32'),
  quantization: z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }),
});
const weightsSchema = z.array(z.object({ weights: z.array(tensorSchema).max(1000) })).length(1);

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Reads all tensors by name.
 * @param json text of `*-weights_manifest.json`. @param bytes contents of the `.bin` file.
 * @throws RangeError when the two do not fit each other; ZodError or SyntaxError when the list is not one.
 */
export function readQuantisedWeights(json: string, bytes: Uint8Array): Map<string, WeightTensor> {
  const [group] = weightsSchema.parse(JSON.parse(json));
  const tensors = new Map<string, WeightTensor>();
  let at = 0;
  for (const { name, shape, quantization } of group?.weights ?? []) {
    const count = shape.reduce((product, length) => product * length, 1);
    if (at + count > bytes.length) throw new RangeError(`the weights end at byte ${bytes.length}, inside ${name}`);
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = (bytes[at + i] as number) * quantization.scale + quantization.min;
    tensors.set(name, { shape, data });
    at += count;
  }
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes of the weights belong to no tensor`);
  return tensors;
}
