import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../../src/config/config.js';
import { OperatingError } from '../../../src/kit/errors.js';
import { runTrial } from '../../../src/models/added/trial.js';
import type { TrialSettings } from '../../../src/models/added/trial-protocol.js';
import { tempFolder } from '../../store/sample.js';

const input = { width: 112, height: 112, colour: 'rgb' as const, mean: [0], scale: 1 };
const settings: TrialSettings = {
  faces: { haar: defaultConfig.faces.haar, confirm: defaultConfig.faces.confirm },
  confirmer: { file: '/nowhere/a.onnx', input },
  landmarks: { file: '/nowhere/b.onnx', input },
  encoder: {
    file: '/nowhere/c.onnx',
    output: 'fc1',
    template: {
      size: 112,
      fit: 'similarity',
      points: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
        [9, 10],
      ],
    },
    inputs: [input],
  },
  compareMs: 1,
};

/** Writes messages as the child does: 4 bytes length, 4 bytes length of the JSON, JSON, blob. */
const SEND = `
import { writeSync } from 'node:fs';
const send = (json, blob = Buffer.alloc(0)) => {
  const text = Buffer.from(JSON.stringify(json));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(4 + text.length + blob.length, 0);
  head.writeUInt32BE(text.length, 4);
  writeSync(3, Buffer.concat([head, text, blob]));
};
const row = { reading: 0, photo: 0, face: 0, variant: null };
`;

/** Runs a child that does `code` in place of the trial. */
async function outcome(
  code: string,
  trialMs = 20_000,
): Promise<{ error?: OperatingError; progress: string[]; trial?: unknown }> {
  const program = join(await tempFolder(), 'child.mjs');
  writeFileSync(program, SEND + code);
  const progress: string[] = [];
  const options = {
    settings,
    readings: ['as given'],
    photos: [Buffer.from('photo')],
    eye: { sandbox: 'none' as const },
  };
  try {
    const trial = await runTrial({ ...options, trialMs, program, progress: (line) => progress.push(line) });
    return { progress, trial };
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return { progress, error: thrown };
  }
}

describe('a network that is tried', () => {
  test.each<[string, string, RegExp, number?]>([
    [
      'crashes ONNX Runtime',
      "process.stderr.write('free(): invalid pointer\\n'); process.kill(process.pid, 'SIGSEGV');",
      /ONNX Runtime crashed on it \(SIGSEGV\); it said: free\(\): invalid pointer; nothing was added/,
    ],
    ['is killed because the memory is full', "process.kill(process.pid, 'SIGKILL');", /crashed on it \(SIGKILL\)/],
    ['ends its process', 'process.exit(3);', /ended with exit code 3/],
    ['never ends', 'process.stdin.resume();', /did not end within 1 seconds/, 1000],
    [
      'cannot be loaded',
      "send({ kind: 'fault', message: 'cannot load the network: no such operator' });",
      /cannot be used: cannot load the network: no such operator/,
    ],
    [
      'has names that would write on the terminal',
      "send({ kind: 'fault', message: 'no operator \\u001b[2J\\nKaimon: all is well' });",
      /cannot be used: no operator +\[2J Kaimon: all is well; nothing was added$/,
    ],
    ['makes its process say something else', 'writeSync(3, Buffer.alloc(64, 255));', /sent something unreadable/],
    ['makes its process send an unknown message', "send({ kind: 'open-the-door' });", /sent something unreadable/],
    [
      'gives fewer numbers than it says',
      "send({ kind: 'rows', rows: [row], dimension: 2, encodeMs: 1 }, Buffer.alloc(4));",
      /answer has 4 bytes, 8 were expected/,
    ],
  ])('and %s ends in a sentence', async (_what, code, message, trialMs) => {
    const { error } = await outcome(code, trialMs);
    expect(error).toMatchObject({ code: 'KAIMON_ENCODER_TRIAL', trouble: 'input' });
    expect(error?.message).toMatch(message);
  });

  test('gives its numbers, and the child is gone though it would wait for ever', async () => {
    const code = `const numbers = Buffer.alloc(8); numbers.writeFloatLE(0.25, 0); numbers.writeFloatLE(-2, 4);
      send({ kind: 'progress', text: 'at work' });
      send({ kind: 'rows', rows: [row], dimension: 2, encodeMs: 7 }, numbers);
      process.stdin.resume();`;
    const { trial, progress } = await outcome(code);
    expect(trial).toEqual({
      rows: [{ reading: 0, photo: 0, face: 0, variant: null }],
      vectors: [Float32Array.of(0.25, -2)],
      encodeMs: 7,
      readings: ['as given'],
    });
    expect(progress).toEqual([expect.stringMatching(/tried without a sandbox/), 'at work']);
  });
});
