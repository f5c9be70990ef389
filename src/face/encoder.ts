import type { Picture } from '../kit/opencv/picture.js';
import type { AlignmentTemplate } from './alignment.js';
import { Network } from './network.js';
import type { NetworkInput } from './network-input.js';
import { UnusableFace } from './unusable-face.js';

/** What the manifest says of an encoder. */
export interface EncoderSpec {
  /** `<name>@<first 12 hex digits of the file's sha256>`. */
  readonly id: string;
  readonly file: string;
  /** The digest that the file must have; any when not given. */
  readonly sha256?: string | undefined;
  readonly input: NetworkInput;
  readonly template: AlignmentTemplate;
  /** Numbers a face. */
  readonly dimension: number;
  /** The output that gives them; the first one where it is not named. */
  readonly output?: string | undefined;
}

/** Port: turns an aligned face into an embedding of unit length. */
export interface Encoder {
  readonly id: string;
  readonly template: AlignmentTemplate;
  readonly dimension: number;
  /** `aligned` is template.size square, BGR. @throws RangeError when the network gives no direction (all zero, NaN). */
  encode(aligned: Picture): Promise<Float32Array>;
}

/** Scales to unit length in place. @throws RangeError when the length is zero or not finite. */
export function normalise(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!(length > 1e-6 && Number.isFinite(length))) throw new UnusableFace('the encoder gave no usable embedding');
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
  return vector;
}

/** Any ONNX encoder that the manifest describes: MobileFaceNet, OpenFace, … */
export class OnnxEncoder implements Encoder {
  readonly #network: Network;
  readonly #spec: EncoderSpec;

  private constructor(network: Network, spec: EncoderSpec) {
    this.#network = network;
    this.#spec = spec;
  }

  static async load(spec: EncoderSpec): Promise<OnnxEncoder> {
    return new OnnxEncoder(await Network.load(spec.file, spec.input, spec), spec);
  }

  get id(): string {
    return this.#spec.id;
  }

  get template(): AlignmentTemplate {
    return this.#spec.template;
  }

  get dimension(): number {
    return this.#spec.dimension;
  }

  async encode(aligned: Picture): Promise<Float32Array> {
    const [output] = await this.#network.run(aligned);
    if (output?.length !== this.#spec.dimension)
      throw new RangeError(`the encoder gave ${output?.length ?? 0} numbers, ${this.#spec.dimension} were expected`);
    return normalise(Float32Array.from(output));
  }
}
