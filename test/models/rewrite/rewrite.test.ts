import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { modelPath } from '../../../src/models/model-files.js';
import { encodeNetworkGraph, readNetworkGraph } from '../../../src/models/onnx/network-graph.js';
import { rewriteNetwork } from '../../../src/models/rewrite/rewrite.js';
import { manifest, modelsBuilt, NOT_BUILT, openGraph } from '../networks.js';
import { answersOf, differenceOf, networkOf, operatorsOf, recipes } from './small-networks.js';

/** Single precision has some 6e-8; a network adds up a few hundred roundings. */
const ROUNDING = 3e-6;

describe('a rewritten network', () => {
  test('gives the same numbers as the original, to rounding', async () => {
    await fc.assert(
      fc.asyncProperty(recipes, fc.nat(), async (recipe, seed) => {
        const original = networkOf(recipe);
        const rewritten = rewriteNetwork(original);
        expect(differenceOf(await answersOf(original, seed), await answersOf(rewritten, seed))).toBeLessThan(ROUNDING);
        expect(operatorsOf(readNetworkGraph(rewritten))).not.toContain('PRelu');
      }),
      { numRuns: 60 },
    );
  });

  test('is the same bytes each time, and has nothing left to rewrite', () => {
    fc.assert(
      fc.property(recipes, (recipe) => {
        const original = networkOf(recipe);
        const once = rewriteNetwork(original);
        expect(Buffer.compare(rewriteNetwork(original), once)).toBe(0);
        expect(Buffer.compare(rewriteNetwork(once), once)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  test('keeps its inputs, outputs and facts, and says what was added to them', () => {
    const original = networkOf({ seed: 1, inside: [5, 6], between: 4, dead: [], rectifier: 'PRelu' });
    const { inputs, outputs, metadata } = readNetworkGraph(rewriteNetwork(original, { changed: 'by a test' }));
    expect([...inputs]).toEqual([['x', { elementType: 1, shape: [1, 3, 6, 6] }]]);
    expect([...outputs.keys()]).toEqual(['y']);
    expect(Object.fromEntries(metadata)).toEqual({ source: 'a test', changed: 'by a test' });
  });
});

describe.skipIf(!modelsBuilt)(`the networks of the release${modelsBuilt ? '' : ` (${NOT_BUILT})`}`, () => {
  const models = manifest.models.map((model) => [model.name, model] as const);

  test.each(models)(
    '%s is read and written without a change in its numbers, and rewritten within rounding',
    async (_name, model) => {
      const original = readFileSync(modelPath(model));
      const { channels, width, height } = model.input;
      const looks = model.role === 'liveness' && model.looks.length > 1 ? [model.looks.length] : [];
      const shape = [1, ...looks, channels, height, width];
      const count = shape.reduce((product, one) => product * one, 1);
      const values = Float32Array.from({ length: count }, (_, i) => ((i * 37) % 255) / 255 - (i % 2));
      const [before, copied, rewritten] = await Promise.all(
        [original, encodeNetworkGraph(readNetworkGraph(original)), rewriteNetwork(original)].map(async (bytes) =>
          (await openGraph(bytes))(shape, values),
        ),
      );
      for (const [output, { data }] of Object.entries(before ?? {})) {
        expect(Buffer.from(copied?.[output]?.data.buffer as ArrayBuffer)).toEqual(
          Buffer.from(data.buffer as ArrayBuffer),
        );
        expect(differenceOf(data, rewritten?.[output]?.data ?? new Float32Array())).toBeLessThan(1e-5);
      }
    },
  );

  test.each(models.filter(([, { source }]) => source.kind === 'npm' && source.how === 'rewrite'))(
    '%s has no parametric rectifier and nothing left to rewrite',
    (_name, model) => {
      const built = readFileSync(modelPath(model));
      expect(operatorsOf(readNetworkGraph(built))).not.toContain('PRelu');
      expect(Buffer.compare(rewriteNetwork(built), built)).toBe(0);
      expect(readNetworkGraph(built).metadata.get('changed')).toContain('Rewritten by Kaimon');
    },
  );
});
