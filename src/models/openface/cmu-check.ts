import type { InferenceSession } from 'onnxruntime-node';
import { explain, OperatingError } from '../../kit/errors.js';
import { DIMENSION, SIDE } from './topology.js';

/**
 * Runs a network that was just made on two fixed pictures: each must give 128 numbers of unit length, and the two must
 * differ. This shows that the network works on this machine; that its numbers are right is tested with CMU's arrays.
 * @throws OperatingError KAIMON_OPENFACE_CHECK
 */
export async function assertEmbeds(model: Uint8Array): Promise<void> {
  try {
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    const session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    try {
      const embed = async (step: number) => {
        const picture = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => ((i * step) % 256) / 255);
        return unit(await session.run({ input: new Tensor('float32', picture, [1, 3, SIDE, SIDE]) }));
      };
      const [first, second] = [await embed(1), await embed(37)];
      if (first.every((value, i) => value === second[i]))
        throw new RangeError('two different pictures gave the same numbers');
    } finally {
      await session.release();
    }
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_OPENFACE_CHECK',
      `the OpenFace network that was made from these files does not work on this machine (${explain(cause)}): nothing was written; report it with the kind of the machine`,
      { cause },
    );
  }
}

function unit({ embedding }: InferenceSession.OnnxValueMapType): Float32Array {
  const data = embedding?.data;
  if (!(data instanceof Float32Array && data.length === DIMENSION))
    throw new RangeError(`it gave no ${DIMENSION} numbers`);
  const length = Math.hypot(...data);
  // A NaN compares as false and is refused as well.
  if (!(Math.abs(length - 1) < 1e-4)) throw new RangeError(`its numbers have the length ${length}, not 1`);
  return data;
}
