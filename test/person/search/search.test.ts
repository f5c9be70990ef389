import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../src/kit/seeded-random.js';
import { encodeVector } from '../../../src/kit/vector.js';
import { squaredDistance } from '../../../src/person/distance.js';
import { Gallery } from '../../../src/person/gallery.js';
import { ByteRows } from '../../../src/person/search/dots.js';
import { TemplateRows } from '../../../src/person/search/template-rows.js';
import { ENCODER, someone } from '../sample.js';

const made = new URL('../../../src/person/search/dots-bytes.ts', import.meta.url);
const script = fileURLToPath(new URL('../../../scripts/search-wasm.mjs', import.meta.url));

/** Numbers that look random and are the same each time. */
const numbers = (seed: number, count: number) => {
  const random = seeded(seed);
  return Float32Array.from({ length: count }, () => random() - 0.5);
};

const unit = (vector: Float32Array) => {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
};

const near = (vector: Float32Array, seed: number, by: number) =>
  unit(vector.map((value, i) => value + by * (numbers(seed, vector.length)[i] as number)));

const person = (id: string, ...vectors: readonly Float32Array[]) => {
  const [template] = someone(id, [0]).templates;
  if (!template) throw new Error('the sample has a template');
  return { ...someone(id, [0]), templates: vectors.map((vector) => ({ ...template, vector: encodeVector(vector) })) };
};

test('the bytes are those of dots.wat', () => {
  expect(readFileSync(made, 'utf8')).toBe(execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' }));
});

describe('rows of bytes', () => {
  test.each([16, 128, 512, 1024])('products of %d numbers, also over several calls', (width) => {
    const rows = new ByteRows(width);
    const count = width === 16 ? 20_000 : 300;
    const own = Array.from({ length: count }, (_, i) => Int8Array.from(numbers(i + 1, width), (value) => value * 254));
    for (const row of own) rows.push(row);
    const probe = Int16Array.from(numbers(77, width), (value) => value * 20_000);
    const into = new Int32Array(count);
    rows.multiply(probe, into);
    const wanted = own.map((row) => row.reduce((sum, value, i) => sum + value * (probe[i] as number), 0));
    expect([...into]).toEqual(wanted);
  });

  test('the largest products of unit vectors fit', () => {
    const rows = new TemplateRows(1024);
    rows.push(new Float32Array(1024).fill(1 / 32));
    expect(rows.reach(new Float32Array(1024).fill(1 / 32))[0]).toBeCloseTo(1, 1);
  });

  test('a width that is no multiple of 16 is refused', () => {
    expect(() => new ByteRows(20)).toThrow('a multiple of 16');
  });
});

test.each([4, 128, 512])('what a row may reach is never less than what it is, of %d numbers', (dimension) => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.double({ min: 0, max: 2, noNaN: true }), (one, other, by) => {
      const template = unit(numbers(one, dimension));
      const probe = near(template, other, by);
      const rows = new TemplateRows(dimension);
      rows.push(template);
      const reached = rows.reach(probe)[0] as number;
      const dot = template.reduce((sum, value, i) => sum + value * (probe[i] as number), 0);
      expect(reached).toBeGreaterThanOrEqual(dot);
      if (dimension > 4) expect(reached - dot).toBeLessThan(0.06);
    }),
    { numRuns: 300 },
  );
});

test('numbers beyond what a byte can say are looked for all the same', () => {
  const spike = new Float32Array(512);
  spike[3] = 1;
  const gallery = new Gallery(ENCODER, 512);
  for (let i = 0; i < 50; i++) gallery.set(person(`p${i}`, unit(numbers(i + 5, 512))));
  gallery.set(person('spike', spike));
  expect(gallery.rank(spike).best).toEqual({ id: 'spike', distance: 0 });
});

describe.each([4, 128, 512])('the two nearest people by %d numbers', (dimension) => {
  test('are those that comparing with every template finds, after any changes', () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 30 }), seeds: fc.array(fc.integer(), { maxLength: 3 }) });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.integer(),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (changes, seed, by) => {
          const gallery = new Gallery(ENCODER, dimension);
          const known = new Map<string, Float32Array[]>();
          for (const { id, seeds } of changes) {
            const vectors = seeds.map((own) => unit(numbers(own, dimension)));
            gallery.set(person(`p${id}`, ...vectors));
            if (vectors.length > 0) known.set(`p${id}`, vectors);
            else known.delete(`p${id}`);
          }
          const somebody = [...known.values()].at(0)?.[0] ?? unit(numbers(3, dimension));
          const probe = near(somebody, seed, by);
          const all = [...known].map(([id, vectors]) => ({
            id,
            distance: Math.min(...vectors.map((vector) => squaredDistance(vector, probe))),
          }));
          const wanted = all.toSorted((a, b) => a.distance - b.distance);
          const { best, second } = gallery.rank(probe);
          expect([gallery.size, gallery.templates]).toEqual([known.size, [...known.values()].flat().length]);
          expect([best?.distance, second?.distance]).toEqual([wanted[0]?.distance, wanted[1]?.distance]);
          if (wanted[0] && wanted[0].distance !== wanted[1]?.distance) expect(best?.id).toBe(wanted[0].id);
          const without = gallery.rank(probe, wanted[0]?.id);
          expect(without.best?.distance).toBe(wanted[1]?.distance);
          for (const { id, distance } of all) expect(gallery.distanceTo(id, probe)).toBe(distance);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a probe that is none', () => {
  const gallery = new Gallery(ENCODER, 4);
  gallery.set(someone('ada', [0]));

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('of %s finds nobody', (value) => {
    expect(gallery.rank(Float32Array.of(value, 0, 0, 0))).toEqual({ best: undefined, second: undefined });
  });

  test('of another length is refused', () => {
    expect(() => gallery.rank(new Float32Array(5))).toThrow('4 and 5 numbers');
  });

  test('of zeros is as far from everybody', () => {
    expect(gallery.rank(new Float32Array(4)).best?.distance).toBe(2);
  });
});
