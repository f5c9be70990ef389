import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { modelPath } from '../../src/models/model-files.js';
import { manifest, modelsBuilt, NOT_BUILT, type Output, openGraph, root } from './networks.js';

const outputSchema = z.object({ shape: z.array(z.int()), first8: z.array(z.number()), abs_sum: z.number() });
type Expected = Record<string, z.infer<typeof outputSchema>>;

/** Measured with onnxruntime 1.32.0 for Python; the input is x[i] = ((i × 37) mod 255) / 255. */
const EXPECTED: Record<string, Expected> = {
  fr_detect: {
    scores: {
      shape: [1, 4420, 2],
      first8: [0.9278708, 0.0721292, 0.9388763, 0.06112373, 0.9361653, 0.06383466, 0.9397618, 0.06023819],
      abs_sum: 4420.0,
    },
    boxes: {
      shape: [1, 4420, 4],
      first8: [0.005098599, 0.01225927, 0.01715573, 0.03233451, -0.006628582, -0.006751761, 0.02955255, 0.05280278],
      abs_sum: 8857.301,
    },
  },
  fr_feature: {
    output: {
      shape: [1, 512],
      first8: [0.03468249, 0.03298563, 0.04130732, -0.0403558, 0.03920241, -0.004753676, -0.03402887, 0.03928373],
      abs_sum: 29.96315,
    },
  },
  // Of the package's file, before it was rewritten.
  fr_liveness: {
    output: { shape: [1, 3], first8: [-0.07453157, 4.03801155, -3.96344066], abs_sum: 8.075984 },
  },
};

const shared = join(root, '..', 'shared', 'data', 'model-checks', 'expected.json');
const byFile = new Map(manifest.models.map((model) => [model.file, model]));

async function outputsOf(graph: string): Promise<Record<string, Output>> {
  const model = byFile.get(`build/${graph}.onnx`);
  if (!model) throw new Error(`the manifest has no ${graph}`);
  const { channels, height, width } = model.input;
  const values = Float32Array.from({ length: channels * height * width }, (_, i) => ((i * 37) % 255) / 255);
  const run = await openGraph(modelPath(model));
  return run([1, channels, height, width], values);
}

function expectSame(outputs: Record<string, Output>, expected: Expected): void {
  expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { shape, first8, abs_sum }] of Object.entries(expected)) {
    const output = outputs[name];
    if (!output) throw new Error(`no output ${name}`);
    expect(output.dims).toEqual(shape);
    first8.forEach((value, i) => {
      expect(output.data[i]).toBeCloseTo(value, 4);
    });
    const sum = output.data.reduce((total, value) => total + Math.abs(value), 0);
    expect(Math.abs(sum / abs_sum - 1)).toBeLessThan(1e-4);
  }
}

describe.skipIf(!modelsBuilt)(`the networks of the packages${modelsBuilt ? '' : ` (${NOT_BUILT})`}`, () => {
  test.each(Object.keys(EXPECTED))('%s gives the numbers that were measured elsewhere', async (graph) => {
    expectSame(await outputsOf(graph), EXPECTED[graph] as Expected);
  });

  const title = 'all agree with the shared measurements';
  test.skipIf(!existsSync(shared))(existsSync(shared) ? title : `${title} (skipped: no ../shared here)`, async () => {
    const file = z.object({ graph_outputs: z.record(z.string(), z.record(z.string(), outputSchema)) });
    const { graph_outputs } = file.parse(JSON.parse(readFileSync(shared, 'utf8')));
    const known = Object.keys(graph_outputs).filter((graph) => byFile.has(`build/${graph}.onnx`));
    expect(known).toEqual(expect.arrayContaining(['fr_detect', 'fr_feature']));
    for (const graph of known) expectSame(await outputsOf(graph), graph_outputs[graph] as Expected);
  });
});
