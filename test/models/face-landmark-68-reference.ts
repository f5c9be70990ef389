import { readFileSync } from 'node:fs';

/**
 * The 68-landmark network computed straight from the original file, as face-api's description reads: height, width,
 * channel; plain loops in double precision. It shares no code with the exporter, so a mistake in the one does not
 * hide in the other.
 */
interface Map3 {
  readonly side: number;
  readonly channels: number;
  /** value[(y * side + x) * channels + c] */
  readonly values: Float64Array;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization: { readonly scale: number; readonly min: number };
}

type Weights = (name: string) => Float64Array;

function load(bin: string, list: string): Weights {
  const bytes = readFileSync(bin);
  const entries = (JSON.parse(readFileSync(list, 'utf8')) as [{ weights: Entry[] }])[0].weights;
  let at = 0;
  const all = new Map<string, Float64Array>();
  for (const { name, shape, quantization } of entries) {
    const count = shape.reduce((a, b) => a * b, 1);
    // TensorFlow.js holds the weights as 32-bit floats.
    const numbers = Float64Array.from(bytes.subarray(at, at + count), (byte) =>
      Math.fround(byte * quantization.scale + quantization.min),
    );
    all.set(name, numbers);
    at += count;
  }
  return (name) => {
    const found = all.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
}

const px = (values: Float64Array, index: number): number => values[index] as number;
function relu(x: Map3): Map3 {
  const values = Float64Array.from(x.values);
  for (let i = 0; i < values.length; i++) values[i] = Math.max(0, px(values, i));
  return { ...x, values };
}

function add(a: Map3, b: Map3): Map3 {
  const values = Float64Array.from(a.values);
  for (let i = 0; i < values.length; i++) values[i] = px(values, i) + px(b.values, i);
  return { ...a, values };
}

/** Where a 3×3 filter starts: TensorFlow's "same" spreads the padding that is needed, the odd one at the end. */
function samePadding(side: number, stride: number): { readonly side: number; readonly before: number } {
  const out = Math.ceil(side / stride);
  return { side: out, before: Math.floor(Math.max(0, (out - 1) * stride + 3 - side) / 2) };
}

/** filter[dy][dx][from][to] */
function conv3(x: Map3, filter: Float64Array, to: number, stride: number): Map3 {
  const { side, before } = samePadding(x.side, stride);
  const values = new Float64Array(side * side * to);
  for (let y = 0; y < side; y++)
    for (let column = 0; column < side; column++)
      for (let dy = 0; dy < 3; dy++)
        for (let dx = 0; dx < 3; dx++) {
          const sy = y * stride + dy - before;
          const sx = column * stride + dx - before;
          if (sy < 0 || sx < 0 || sy >= x.side || sx >= x.side) continue;
          for (let from = 0; from < x.channels; from++) {
            const value = px(x.values, (sy * x.side + sx) * x.channels + from);
            for (let o = 0; o < to; o++)
              values[(y * side + column) * to + o] =
                px(values, (y * side + column) * to + o) +
                value * px(filter, ((dy * 3 + dx) * x.channels + from) * to + o);
          }
        }
  return { side, channels: to, values };
}

/** filter[dy][dx][channel][0] */
function depthwise3(x: Map3, filter: Float64Array, stride: number): Map3 {
  const { side, before } = samePadding(x.side, stride);
  const values = new Float64Array(side * side * x.channels);
  for (let y = 0; y < side; y++)
    for (let column = 0; column < side; column++)
      for (let channel = 0; channel < x.channels; channel++) {
        let sum = 0;
        for (let dy = 0; dy < 3; dy++)
          for (let dx = 0; dx < 3; dx++) {
            const sy = y * stride + dy - before;
            const sx = column * stride + dx - before;
            if (sy < 0 || sx < 0 || sy >= x.side || sx >= x.side) continue;
            sum +=
              px(x.values, (sy * x.side + sx) * x.channels + channel) *
              px(filter, (dy * 3 + dx) * x.channels + channel);
          }
        values[(y * side + column) * x.channels + channel] = sum;
      }
  return { side, channels: x.channels, values };
}

/** filter[from][to] at every place. */
function pointwise(x: Map3, filter: Float64Array, to: number): Map3 {
  const places = x.side * x.side;
  const values = new Float64Array(places * to);
  for (let place = 0; place < places; place++)
    for (let from = 0; from < x.channels; from++) {
      const value = px(x.values, place * x.channels + from);
      for (let o = 0, at = place * to; o < to; o++, at++)
        values[at] = px(values, at) + value * px(filter, from * to + o);
    }
  return { side: x.side, channels: to, values };
}

function bias(x: Map3, numbers: Float64Array): Map3 {
  const values = Float64Array.from(x.values);
  for (let i = 0; i < values.length; i++) values[i] = px(values, i) + px(numbers, i % x.channels);
  return { ...x, values };
}

function separable(x: Map3, weights: Weights, name: string, to: number, stride: number): Map3 {
  const filtered = depthwise3(x, weights(`${name}/depthwise_filter`), stride);
  return bias(pointwise(filtered, weights(`${name}/pointwise_filter`), to), weights(`${name}/bias`));
}

function denseBlock4(x: Map3, weights: Weights, name: string, to: number, isFirst: boolean): Map3 {
  const out1 = relu(
    isFirst
      ? bias(conv3(x, weights(`${name}/conv0/filters`), to, 2), weights(`${name}/conv0/bias`))
      : separable(x, weights, `${name}/conv0`, to, 2),
  );
  const out2 = separable(out1, weights, `${name}/conv1`, to, 1);
  const out3 = separable(relu(add(out1, out2)), weights, `${name}/conv2`, to, 1);
  const out4 = separable(relu(add(add(out1, out2), out3)), weights, `${name}/conv3`, to, 1);
  return relu(add(add(add(out1, out2), out3), out4));
}

/** 7×7 mean with stride 2 and no padding, on a 7×7 map: one place is left. */
function mean(x: Map3): Float64Array {
  if (x.side !== 7) throw new Error(`the last map is ${x.side}×${x.side}`);
  const sums = new Float64Array(x.channels);
  x.values.forEach((value, i) => {
    sums[i % x.channels] = px(sums, i % x.channels) + value / 49;
  });
  return sums;
}

/** From 112×112 RGB bytes, row by row, to 136 numbers: x and y of 68 points in 0…1. */
export function referenceLandmarks(bin: string, list: string): (rgb: Uint8Array) => number[] {
  const weights = load(bin, list);
  return (rgb) => {
    const average = [122.782, 117.001, 104.298];
    let x: Map3 = {
      side: 112,
      channels: 3,
      values: Float64Array.from(rgb, (byte, i) => (byte - (average[i % 3] as number)) / 255),
    };
    x = denseBlock4(x, weights, 'dense0', 32, true);
    x = denseBlock4(x, weights, 'dense1', 64, false);
    x = denseBlock4(x, weights, 'dense2', 128, false);
    x = denseBlock4(x, weights, 'dense3', 256, false);
    const features = mean(x);
    const matrix = weights('fc/weights');
    return Array.from(weights('fc/bias'), (start, number) =>
      features.reduce((sum, feature, i) => sum + feature * px(matrix, i * 136 + number), start),
    );
  };
}
