import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OperatingError } from '../../src/kit/errors.js';
import { buildModels, rewrittenFrom } from '../../src/models/build.js';
import { describeFault, verifyModels } from '../../src/models/model-files.js';
import { rewriteNetwork } from '../../src/models/rewrite/rewrite.js';
import { makeTarball, manifestOf, model, npmSource, sample, sha256 } from './packages.js';
import { networkOf } from './rewrite/small-networks.js';

const TARBALL = 'test-faces-1.2.3.tgz';
const tgz = makeTarball([
  { name: 'package/net.onnx', text: 'the network' },
  { name: 'package/photo.jpg', text: 'a photo' },
]);
const network = model('net', 'the network', npmSource(tgz, 'package/net.onnx'));
const manifest = manifestOf([network], [sample('photo.jpg', 'a photo', npmSource(tgz, 'package/photo.jpg'))]);

let root: string;
let from: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kaimon-test-'));
  from = join(root, 'packages');
  await mkdir(from);
  await writeFile(join(from, TARBALL), tgz);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const files = async (): Promise<string[]> => (await readdir(join(root, 'models'), { recursive: true })).sort();
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (thrown: unknown) => (thrown instanceof OperatingError ? thrown.code : String(thrown)),
  );

/** Puts a shell script called npm first on the path. */
async function fakeNpm(script: string): Promise<void> {
  const bin = join(root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'npm'), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, 'npm'), 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
}

describe('building the models', () => {
  test('takes the named files out of the packages, readable for the daemon and with no remains', async () => {
    expect(await buildModels(manifest, { root, from })).toEqual({ written: ['net', 'photo.jpg'], kept: [] });
    expect(await files()).toEqual(['build', 'build/net.onnx', 'build/samples', 'build/samples/photo.jpg']);
    expect(await readFile(join(root, 'models/build/net.onnx'), 'utf8')).toBe('the network');
    expect((await stat(join(root, 'models/build/net.onnx'))).mode & 0o777).toBe(0o644);
    expect((await verifyModels(manifest, root)).map((finding) => finding.state)).toEqual(['ok', 'ok']);
  });

  test('needs no package when everything is in place', async () => {
    await buildModels(manifest, { root, from });
    await rm(from, { recursive: true });
    expect(await buildModels(manifest, { root, from })).toEqual({ written: [], kept: ['net', 'photo.jpg'] });
  });

  test('replaces a file that was changed, and only that', async () => {
    await buildModels(manifest, { root, from });
    await writeFile(join(root, 'models/build/net.onnx'), 'tampered');
    expect(await buildModels(manifest, { root, from })).toEqual({ written: ['net'], kept: ['photo.jpg'] });
    expect(await readFile(join(root, 'models/build/net.onnx'), 'utf8')).toBe('the network');
  });

  test('leaves a model alone that this project trained itself', async () => {
    const own = manifestOf([model('own', 'ours', { kind: 'trained', recipe: 'a recipe' })]);
    expect(await buildModels(own, { root, from })).toEqual({ written: [], kept: [] });
  });

  test('unpacks nothing of a package that is not the pinned one', async () => {
    await writeFile(join(from, TARBALL), makeTarball([{ name: 'package/net.onnx', text: 'another network' }]));
    await expect(buildModels(manifest, { root, from })).rejects.toThrow(/nothing was unpacked/);
    expect(await codeOf(buildModels(manifest, { root, from }))).toBe('KAIMON_MODEL_INTEGRITY');
    expect(await readdir(root)).toEqual(['packages']);
  });

  test('writes nothing when a result is not what the manifest names', async () => {
    const wrong = manifestOf([{ ...network, sha256: '0'.repeat(64) }]);
    expect(await codeOf(buildModels(wrong, { root, from }))).toBe('KAIMON_MODEL_EXPORT');
    expect(await readdir(root)).toEqual(['packages']);
  });

  test('says what to do when a package is not in the given folder', async () => {
    await rm(join(from, TARBALL));
    await expect(buildModels(manifest, { root, from })).rejects.toThrow(/npm pack @test\/faces@1\.2\.3/);
  });
});

describe('a network that is rewritten', () => {
  const original = networkOf({ seed: 1, inside: [3, 4], between: 2, dead: [], rectifier: 'PRelu' });
  const withNet = makeTarball([{ name: 'package/net.onnx', text: original }]);
  const source = { ...npmSource(withNet, 'package/net.onnx'), how: 'rewrite', original: sha256(original) } as const;
  const rewritten = rewriteNetwork(original, rewrittenFrom(source));
  const entry = { ...model('net', '', source), bytes: rewritten.length, sha256: sha256(rewritten) };
  const path = () => join(root, 'models/build/net.onnx');
  beforeEach(() => writeFile(join(from, TARBALL), withNet));

  test('is made from the very file that was looked at, the same bytes each time', async () => {
    for (const _time of [1, 2]) {
      await rm(join(root, 'models'), { recursive: true, force: true });
      expect((await buildModels(manifestOf([entry]), { root, from })).written).toEqual(['net']);
      expect(sha256(await readFile(path()))).toBe(entry.sha256);
    }
  });

  test('is not made from another file, whatever comes out of it', async () => {
    const other = manifestOf([{ ...entry, source: { ...source, original: '0'.repeat(64) } }]);
    await expect(buildModels(other, { root, from })).rejects.toThrow(/package\/net\.onnx has the sha256/);
    expect(await readdir(root)).toEqual(['packages']);
  });

  test('is known where an earlier release built it another way, and is built anew', async () => {
    const now = manifestOf([{ ...entry, earlier: [sha256('the network as it was')] }]);
    await mkdir(join(root, 'models/build'), { recursive: true });
    const faults = async () =>
      (await verifyModels(now, root)).flatMap((one) => (one.state === 'ok' ? [] : [describeFault(one)]));
    await writeFile(path(), 'something else');
    expect(await faults()).toEqual([expect.stringContaining('is not the file that models/manifest.json names')]);
    await writeFile(path(), 'the network as it was');
    expect(await faults()).toEqual([expect.stringMatching(/built by an earlier release.*run "kaimon models build"/)]);
    expect((await buildModels(now, { root, from })).written).toEqual(['net']);
    expect(await faults()).toEqual([]);
  });
});

describe('fetching with npm', () => {
  test('asks for the exact version, without scripts, and takes what npm leaves', async () => {
    await fakeNpm(`echo "$@" > "${root}/asked"\ncp "${from}/${TARBALL}" "$4/"`);
    const said: string[] = [];
    await buildModels(manifest, { root, progress: (line) => said.push(line) });
    const asked = await readFile(join(root, 'asked'), 'utf8');
    expect(asked).toMatch(/^pack @test\/faces@1\.2\.3 --pack-destination \S+ --ignore-scripts/);
    expect(said[0]).toBe('fetching @test/faces@1.2.3 with npm');
    expect((await verifyModels(manifest, root)).every((finding) => finding.state === 'ok')).toBe(true);
  });

  test('repeats the last words of an npm that fails, and names the way without network', async () => {
    await fakeNpm('echo "npm error code ENOTFOUND" >&2\nexit 1');
    const work = buildModels(manifest, { root });
    await expect(work).rejects.toThrow(/ended with 1: npm error code ENOTFOUND.*--from FOLDER/);
    expect(await codeOf(work)).toBe('KAIMON_MODEL_DOWNLOAD');
  });

  test('reports an npm that is not there', async () => {
    vi.stubEnv('PATH', join(root, 'nowhere'));
    await expect(buildModels(manifest, { root })).rejects.toThrow(/npm does not start/);
  });
});
