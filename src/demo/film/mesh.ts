// pure
import type { Canvas } from './space.js';

/** A picture that is laid over a mesh: BGR, row by row. */
export interface Texture extends Canvas {
  readonly pixels: Uint8Array;
}

/** A mesh of columns × rows points, row by row. */
export interface Mesh {
  readonly columns: number;
  readonly rows: number;
  /** Places in the frame, pixels. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Places in the texture, pixels; outside of it its border goes on. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** From left to right and top to bottom, the cells of a mesh. */
export const cellsOf = ({ columns, rows }: Pick<Mesh, 'columns' | 'rows'>): number[] =>
  Array.from({ length: (columns - 1) * (rows - 1) }, (_, i) => {
    const row = Math.floor(i / (columns - 1));
    return row * columns + (i - row * (columns - 1));
  });

/**
 * Paints a texture as the mesh lies in the frame; what is painted later covers what was painted before.
 * @param cells the cells by their upper left points, farthest first. @param strip columns of the frame that may be painted: from, up to
 */
export function paintMesh(
  into: Uint8Array,
  canvas: Canvas,
  mesh: Mesh,
  texture: Texture,
  cells: readonly number[],
  strip: readonly [number, number],
): void {
  const inside = { ...canvas, left: Math.max(0, strip[0]), right: Math.min(canvas.width, strip[1]) };
  for (const a of cells) {
    const [b, c, d] = [a + 1, a + mesh.columns, a + mesh.columns + 1];
    paintTriangle(into, inside, mesh, texture, a, b, d);
    paintTriangle(into, inside, mesh, texture, a, d, c);
  }
}

/** Points a hair outside count as inside, so that no gap opens between neighbours. */
const EDGE = -1e-9;

function paintTriangle(
  into: Uint8Array,
  frame: Canvas & { readonly left: number; readonly right: number },
  { x, y, u, v }: Mesh,
  texture: Texture,
  a: number,
  b: number,
  c: number,
): void {
  const [xa, ya] = [x[a] as number, y[a] as number];
  const [xb, yb] = [(x[b] as number) - xa, (y[b] as number) - ya];
  const [xc, yc] = [(x[c] as number) - xa, (y[c] as number) - ya];
  const area = xb * yc - xc * yb;
  if (!(Math.abs(area) > 1e-9)) return;
  const [ua, va] = [u[a] as number, v[a] as number];
  const [ub, uc] = [(u[b] as number) - ua, (u[c] as number) - ua];
  const [vb, vc] = [(v[b] as number) - va, (v[c] as number) - va];
  const left = Math.max(frame.left, Math.ceil(xa + Math.min(0, xb, xc)));
  const right = Math.min(frame.right - 1, xa + Math.max(0, xb, xc));
  const top = Math.max(0, Math.ceil(ya + Math.min(0, yb, yc)));
  const bottom = Math.min(frame.height - 1, ya + Math.max(0, yb, yc));
  for (let py = top; py <= bottom; py++)
    for (let px = left; px <= right; px++) {
      // Shares of the corners b and c; the rest is a's.
      const wb = ((px - xa) * yc - xc * (py - ya)) / area;
      const wc = (xb * (py - ya) - (px - xa) * yb) / area;
      if (wb < EDGE || wc < EDGE || wb + wc > 1 - EDGE) continue;
      sample(texture, ua + wb * ub + wc * uc, va + wb * vb + wc * vc, into, (py * frame.width + px) * 3);
    }
}

/** Copies one pixel of a texture, bilinear; outside, the nearest of its border. */
export function sample({ pixels, width, height }: Texture, u: number, v: number, into: Uint8Array, at: number): void {
  const cu = Math.min(width - 1, Math.max(0, u));
  const cv = Math.min(height - 1, Math.max(0, v));
  const u0 = Math.floor(cu);
  const v0 = Math.floor(cv);
  const fu = cu - u0;
  const fv = cv - v0;
  const a = (v0 * width + u0) * 3;
  const b = u0 + 1 < width ? a + 3 : a;
  const below = v0 + 1 < height ? width * 3 : 0;
  for (let i = 0; i < 3; i++) {
    const upper = (pixels[a + i] as number) * (1 - fu) + (pixels[b + i] as number) * fu;
    const lower = (pixels[a + below + i] as number) * (1 - fu) + (pixels[b + below + i] as number) * fu;
    into[at + i] = upper * (1 - fv) + lower * fv + 0.5;
  }
}
