import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printSheet, telephoneSheet } from '../../../src/demo/film/attack.js';
import { cellsOf, type Mesh, paintMesh, sample, type Texture } from '../../../src/demo/film/mesh.js';
import { asPrint, asTelephone, blurred } from '../../../src/demo/film/second-capture.js';
import { TO_TEXTURE } from './heads.js';

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const canvas = { width: 40, height: 30 };
const blank = () => new Uint8Array(canvas.width * canvas.height * 3);

/** A picture whose blue is its column and whose green is its row. */
function graded(width: number, height: number): Texture {
  const pixels = new Uint8Array(width * height * 3);
  for (let n = 0; n < width * height; n++) pixels.set([n % width, Math.floor(n / width), 200], n * 3);
  return { pixels, width, height };
}
const plain = (value: number, width = 60, height = 60): Texture => ({
  pixels: new Uint8Array(width * height * 3).fill(value),
  width,
  height,
});
const mean = ({ pixels }: Texture) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;

describe('a picture laid over a mesh', () => {
  /** columns × rows points over the whole canvas and a margin, showing `graded` one pixel a pixel, shifted. */
  function meshOf(columns: number, rows: number, shift: number): Mesh {
    const points = Array.from({ length: columns * rows }, (_, i) => {
      const x = -3 + ((i % columns) * 50) / (columns - 1);
      const y = -3 + (Math.floor(i / columns) * 40) / (rows - 1);
      return { x, y };
    });
    const of = (pick: (point: { x: number; y: number }) => number) => Float64Array.from(points, pick);
    return {
      columns,
      rows,
      x: of((p) => p.x),
      y: of((p) => p.y),
      u: of((p) => p.x + shift),
      v: of((p) => p.y + shift),
    };
  }

  test('shows each pixel where the mesh takes it, without gaps, whatever its cells', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 2, max: 12 }),
        fc.nat(20),
        (columns, rows, shift) => {
          const into = blank();
          const mesh = meshOf(columns, rows, shift);
          paintMesh(into, canvas, mesh, graded(100, 100), cellsOf(mesh), [0, 40]);
          for (let n = 0; n < canvas.width * canvas.height; n++) {
            expect(into[n * 3 + 2]).toBe(200);
            expect(Math.abs((into[n * 3] as number) - ((n % canvas.width) + shift))).toBeLessThanOrEqual(1);
            expect(Math.abs((into[n * 3 + 1] as number) - (Math.floor(n / canvas.width) + shift))).toBeLessThanOrEqual(
              1,
            );
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('paints its own columns only', () => {
    const into = blank();
    const mesh = meshOf(3, 3, 0);
    paintMesh(into, canvas, mesh, graded(100, 100), cellsOf(mesh), [10, 20]);
    for (let n = 0; n < canvas.width * canvas.height; n++) {
      const x = n % canvas.width;
      expect(into[n * 3 + 2]).toBe(x >= 10 && x < 20 ? 200 : 0);
    }
  });

  test('what is painted later covers what was painted before', () => {
    const mesh: Mesh = {
      columns: 3,
      rows: 2,
      // Folds back: both cells lie over the left half.
      x: Float64Array.from([-1, 20, -1, -1, 20, -1]),
      y: Float64Array.from([-1, -1, -1, 31, 31, 31]),
      u: Float64Array.from([0, 0, 99, 0, 0, 99]),
      v: Float64Array.from([0, 0, 0, 0, 0, 0]),
    };
    for (const [cells, blue] of [
      [[0, 1], 80],
      [[1, 0], 0],
    ] as const) {
      const into = blank();
      paintMesh(into, canvas, mesh, graded(100, 100), cells, [0, 40]);
      const seen = into[(15 * canvas.width + 2) * 3] as number;
      if (blue > 0) expect(seen).toBeGreaterThan(blue);
      else expect(seen).toBe(0);
    }
  });

  test('beyond its border a picture goes on as at its border', () => {
    fc.assert(
      fc.property(number(-500, 500), number(-500, 500), (u, v) => {
        const [out, at] = [new Uint8Array(3), new Uint8Array(3)];
        const picture = graded(50, 40);
        sample(picture, u, v, out, 0);
        sample(picture, Math.min(49, Math.max(0, u)), Math.min(39, Math.max(0, v)), at, 0);
        expect(out).toEqual(at);
      }),
    );
  });
});

describe('a picture of a picture', () => {
  const noise = Float32Array.from({ length: 997 }, (_, i) => Math.sin(i * 12.9898));

  test('a print has less contrast and fewer colours', () => {
    const [white, black] = [asPrint(plain(255), noise), asPrint(plain(0), noise)];
    expect(mean(white)).toBeLessThan(220);
    expect(mean(black)).toBeGreaterThan(40);
    const red = { ...plain(0), pixels: Uint8Array.from({ length: 60 * 60 * 3 }, (_, i) => (i % 3 === 2 ? 255 : 0)) };
    const { pixels } = asPrint(red, noise);
    const channel = (c: number) => pixels.filter((_, i) => i % 3 === c).reduce((sum, value) => sum + value, 0) / 3600;
    expect(channel(2) - channel(0)).toBeLessThan(150);
  });

  test('a print is not smooth where the photo is', () => {
    const { pixels } = asPrint(plain(128), noise);
    const green = pixels.filter((_, i) => i % 3 === 1);
    expect(Math.max(...green) - Math.min(...green)).toBeGreaterThan(12);
  });

  test('a telephone has a dark rim, and a screen that is brighter than the photo it shows', () => {
    const { pixels } = asTelephone(plain(60));
    const at = (x: number, y: number) => pixels[(y * 60 + x) * 3] as number;
    for (const [x, y] of [
      [0, 30],
      [59, 30],
      [30, 0],
      [30, 59],
    ] as const)
      expect(at(x, y)).toBeLessThan(30);
    expect(at(30, 30)).toBeGreaterThan(70);
  });

  test('blur keeps a plain picture and the mean, and softens an edge', () => {
    expect(blurred(plain(77)).pixels).toEqual(plain(77).pixels);
    const edge = {
      ...plain(0),
      pixels: Uint8Array.from({ length: 60 * 60 * 3 }, (_, i) => ((i / 3) % 60 < 30 ? 0 : 200)),
    };
    const soft = blurred(edge);
    expect(mean(soft)).toBeCloseTo(mean(edge), 0);
    expect([28, 29, 30, 31].map((x) => soft.pixels[x * 3])).toEqual([0, 50, 150, 200]);
  });

  test('a print leaves no rim in the frame, a telephone does', () => {
    const shown = { texture: plain(120, 400, 300), toTexture: TO_TEXTURE };
    const frame = { width: 640, height: 480 };
    const print = printSheet(shown, 160, 140, frame, noise);
    expect(print.width * 140).toBeGreaterThan(1.4 * frame.width);
    expect(print.height * 140).toBeGreaterThan(1.4 * frame.height);
    expect(telephoneSheet(shown, 160).height * 160).toBeLessThan(frame.height);
  });
});
