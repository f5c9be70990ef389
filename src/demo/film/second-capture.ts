// pure
import type { Texture } from './mesh.js';
import { ramp } from './ramp.js';

/**
 * Ink and paper: the darkest and the lightest that a printer makes of 0 and 255, how much of the colours is left, and the bluish
 * cast of cheap ink (blue, green, red). The dots of the raster and the grain of the paper in grey levels.
 */
const PRINT = { ink: 58, paper: 188, colour: 0.4, cast: [1.25, 1, 0.8], dots: 12, grain: 4 } as const;
/** Pixels from dot to dot of the raster, which stands at 45°. */
const RASTER_PX = 4.6;

/** What a printer makes of a photo: fewer colours, less contrast, a raster of dots, the grain of the paper. */
export function asPrint({ pixels, width, height }: Texture, noise: Float32Array): Texture {
  const printed = new Uint8Array(pixels.length);
  const step = (2 * Math.PI) / (RASTER_PX * Math.SQRT2);
  for (let at = 0, n = 0; at < pixels.length; at += 3, n++) {
    const [x, y] = [n % width, Math.floor(n / width)];
    const dots = PRINT.dots * Math.sin((x + y) * step) * Math.sin((x - y) * step);
    const grain = PRINT.grain * (noise[n % noise.length] as number);
    const grey = greyAt(pixels, at);
    for (let i = 0; i < 3; i++) {
      const colour = grey + ((pixels[at + i] as number) - grey) * PRINT.colour;
      const ink = PRINT.ink + (colour * (PRINT.paper - PRINT.ink)) / 255;
      printed[at + i] = clamp(ink * (PRINT.cast[i] as number) + dots + grain);
    }
  }
  return { pixels: printed, width, height };
}

/** The rim of a telephone, and the gap between lit screen and rim, in shares of its width. */
const RIM = 0.05;

/** What a telephone makes of a photo: a dark rim, more contrast, bluish light, stripes where its pixels meet the camera's, a gloss. */
export function asTelephone({ pixels, width, height }: Texture): Texture {
  const shown = new Uint8Array(pixels.length);
  const rim = RIM * width;
  for (let at = 0, n = 0; at < pixels.length; at += 3, n++) {
    const [x, y] = [n % width, Math.floor(n / width)];
    const lit = Math.min(x, y, width - 1 - x, height - 1 - y) >= rim;
    const stripes = 1 + 0.05 * Math.sin(x * 1.9 + y * 0.35) + 0.03 * Math.sin(y * 1.3 - x * 0.1);
    const gloss = 46 * (1 - Math.abs(2 * ramp((x + 0.6 * y) / (width + 0.6 * height), 0.12, 0.42) - 1));
    for (let i = 0; i < 3; i++) {
      const light = (0.78 * (pixels[at + i] as number) + (i === 0 ? 48 : 32)) * stripes + gloss;
      shown[at + i] = lit ? clamp(light) : 18;
    }
  }
  return { pixels: shown, width, height };
}

/** Blurs by the weights 1–2–1 across and down: what a lens does to a picture that is photographed again. */
export function blurred({ pixels, width, height }: Texture): Texture {
  const soft = new Uint8Array(pixels.length);
  const row = width * 3;
  for (let at = 0; at < pixels.length; at++) {
    const column = at % row;
    const [left, right] = [column >= 3 ? at - 3 : at, column + 3 < row ? at + 3 : at];
    const [up, down] = [at >= row ? -row : 0, at + row < pixels.length ? row : 0];
    let sum = 0;
    for (const [step, weight] of [
      [up, 1],
      [0, 2],
      [down, 1],
    ] as const)
      sum +=
        weight *
        ((pixels[left + step] as number) + 2 * (pixels[at + step] as number) + (pixels[right + step] as number));
    soft[at] = (sum + 8) >> 4;
  }
  return { pixels: soft, width, height };
}

const greyAt = (pixels: Uint8Array, at: number): number =>
  0.114 * (pixels[at] as number) + 0.587 * (pixels[at + 1] as number) + 0.299 * (pixels[at + 2] as number);
const clamp = (value: number): number => Math.max(0, Math.min(255, value));
