// pure
/** An actor's pixels, already in the frame's place, and where the face is. */
export interface Layer {
  /** BGR, width × height × 3. */
  readonly pixels: Uint8Array;
  readonly x: number;
  readonly y: number;
  /** Of the face. */
  readonly height: number;
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

/** The actor is cut out as an ellipse of so many face heights, with a soft edge: neighbours on the photo stay away. */
const CUT = { x: 0.95, y: 1.25, edge: 0.25 };

/** A grey wall, lighter above: what the camera sees when nobody is there. */
export function paintWall(into: Uint8Array, { width, height }: Canvas): void {
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const shade = 120 - (50 * y) / height + 12 * Math.sin(x / 90);
      into[at++] = shade * 1.02;
      into[at++] = shade;
      into[at++] = shade * 0.97;
    }
}

/** Blends a layer over what is there. */
export function paintLayer(into: Uint8Array, { width, height }: Canvas, layer: Layer): void {
  const [rx, ry] = [layer.height * CUT.x, layer.height * CUT.y];
  const top = Math.max(0, Math.floor(layer.y - ry));
  const bottom = Math.min(height, Math.ceil(layer.y + ry));
  const left = Math.max(0, Math.floor(layer.x - rx));
  const right = Math.min(width, Math.ceil(layer.x + rx));
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const away = Math.hypot((x - layer.x) / rx, (y - layer.y) / ry);
      const share = Math.min(1, (1 - away) / CUT.edge);
      if (share <= 0) continue;
      const at = (y * width + x) * 3;
      for (let c = at; c < at + 3; c++)
        into[c] = (into[c] as number) * (1 - share) + (layer.pixels[c] as number) * share;
    }
}

/** Multiplies by the light and adds noise of the given standard deviation, taken from a table of unit noise. */
export function expose(pixels: Uint8Array, light: number, noise: number, table: Float32Array, offset: number): void {
  for (let i = 0, n = offset % table.length; i < pixels.length; i++) {
    const value = (pixels[i] as number) * light + noise * (table[n] as number);
    pixels[i] = Math.max(0, Math.min(255, value));
    n += 1;
    if (n === table.length) n = 0;
  }
}

/** Gaussian noise of standard deviation 1 (Box and Muller 1958). */
export function noiseTable(length: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}
