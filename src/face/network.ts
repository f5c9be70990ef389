import { createHash } from 'node:crypto';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { OperatingError } from '../kit/errors.js';
import { readPlainFile } from '../kit/files/plain-file.js';
import type { Picture } from '../kit/opencv/picture.js';
import { NETWORK_BYTES_MAX, type NetworkInput } from './network-input.js';

/** Floats of a picture that already has the network's size, in the layout that it wants. `into` is reused between frames. */
export function fillTensor(bytes: Uint8Array, channels: 1 | 3, input: NetworkInput, into: Float32Array): void {
  const plane = input.width * input.height;
  const wanted = input.colour === 'grey' ? 1 : 3;
  if (bytes.length !== plane * channels || channels !== wanted || into.length !== plane * wanted)
    throw new RangeError(
      `a ${input.width}×${input.height} ${input.colour} picture is needed, ${bytes.length} bytes of ${channels} channels were given`,
    );
  const { scale } = input;
  for (let channel = 0; channel < wanted; channel++) {
    const mean = input.mean[channel] ?? input.mean[0] ?? 0;
    // Pictures are BGR.
    let from = input.colour === 'rgb' ? 2 - channel : channel;
    const step = input.layout === 'nhwc' ? wanted : 1;
    let to = input.layout === 'nhwc' ? channel : channel * plane;
    for (let pixel = 0; pixel < plane; pixel++, to += step, from += channels)
      into[to] = ((bytes[from] as number) - mean) * scale;
  }
}

let runtime: typeof import('onnxruntime-node') | undefined;

async function onnx(): Promise<typeof import('onnxruntime-node')> {
  // 1.27.0 has no telemetry; the switch stays in case another version has.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  runtime ??= await import('onnxruntime-node');
  return runtime;
}

export interface LoadOptions {
  /** How many pictures the network looks at together: its input then is 1 × pictures × channels × height × width. */
  readonly pictures?: number | undefined;
  /** The only output that is computed; all of them when not given. */
  readonly output?: string | undefined;
  /** The digest that the file must have; any when not given. */
  readonly sha256?: string | undefined;
}

async function bytesOf(file: string, sha256: string | undefined): Promise<Buffer> {
  const bytes = await readPlainFile(file, NETWORK_BYTES_MAX);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === undefined || found === sha256) return bytes;
  throw new Error(`it is not the file that was checked at the start: sha256 ${found}, expected ${sha256}`);
}

/** One ONNX network on one CPU thread. `run` blocks its thread although it returns a promise: eye process only. */
export class Network {
  readonly #session: InferenceSession;
  readonly #tensor: Tensor;
  readonly #values: Float32Array;
  readonly #outputs: readonly string[];
  readonly input: NetworkInput;

  private constructor(
    session: InferenceSession,
    tensor: Tensor,
    values: Float32Array,
    input: NetworkInput,
    outputs: readonly string[],
  ) {
    this.#session = session;
    this.#tensor = tensor;
    this.#values = values;
    this.#outputs = outputs;
    this.input = input;
  }

  /** @throws OperatingError when the file cannot be loaded as a network, or is another one than `sha256` says. */
  static async load(
    file: string,
    input: NetworkInput,
    { pictures = 1, output, sha256 }: LoadOptions = {},
  ): Promise<Network> {
    try {
      const ort = await onnx();
      // The very bytes that were compared: by its name the file could be another one by now.
      const session = await ort.InferenceSession.create(await bytesOf(file, sha256), {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        logSeverityLevel: 3,
      });
      const channels = input.colour === 'grey' ? 1 : 3;
      const values = new Float32Array(pictures * channels * input.width * input.height);
      const [high, wide] = [input.height, input.width];
      const shape = input.layout === 'nhwc' ? [high, wide, channels] : [channels, high, wide];
      if (output !== undefined && !session.outputNames.includes(output))
        throw new RangeError(`it has no output ${output}, only ${session.outputNames.join(', ')}`);
      const tensor = new ort.Tensor('float32', values, pictures === 1 ? [1, ...shape] : [1, pictures, ...shape]);
      return new Network(session, tensor, values, input, output === undefined ? session.outputNames : [output]);
    } catch (cause) {
      throw new OperatingError('KAIMON_MODEL_LOAD', `cannot load the network ${file}: run "kaimon models verify"`, {
        cause,
      });
    }
  }

  /** Runs on a picture of exactly the input's size. @returns outputs in the order of the graph. */
  async run(picture: Picture): Promise<Float32Array[]> {
    this.fill(picture);
    return this.infer();
  }

  /** Turns a picture of exactly the input's size into the network's numbers. @param at which of its pictures, from 0 */
  fill(picture: Picture, at = 0): void {
    const input = this.input.colour === 'grey' ? picture.grey() : picture;
    try {
      const size = (this.input.colour === 'grey' ? 1 : 3) * this.input.width * this.input.height;
      const into = this.#values.subarray(at * size, (at + 1) * size);
      fillTensor(input.bytes(), input.channels, this.input, into);
    } finally {
      if (input !== picture) input.release();
    }
  }

  /** Runs on what was filled in last. @returns outputs in the order of the graph. */
  async infer(): Promise<Float32Array[]> {
    const outputs = await this.#session.run({ [this.#session.inputNames[0] as string]: this.#tensor }, this.#outputs);
    return this.#outputs.map((name) => {
      const data = outputs[name]?.data;
      if (!(data instanceof Float32Array)) throw new TypeError(`output ${name} is no float32 tensor`);
      return data;
    });
  }
}
