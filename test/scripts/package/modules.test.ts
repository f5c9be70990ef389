import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, run, tree } from '../tree.js';

const program = join(checkout, 'scripts/deploy/package.d/node-modules.mjs');

/** What arrives of npm packages that lie installed like this. */
function copied(packages: Readonly<Record<string, object>>, files: readonly string[], arch = 'x64'): string[] {
  const contents = Object.fromEntries(files.map((file) => [`node_modules/${file}`, '']));
  const from = tree({ ...contents, 'package-lock.json': JSON.stringify({ packages }) });
  const to = mkdtempSync(join(tmpdir(), 'kaimon-modules-'));
  const { code, err } = run(process.execPath, [program, from, to, arch]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const found = execFileSync('find', [to, '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' });
  execFileSync('rm', ['-r', to]);
  return found
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace('node_modules/', ''))
    .sort();
}

test('what is reached by dependencies comes along, the nearest one of each name; what is only for building does not', () => {
  const packages = {
    '': { dependencies: { a: '1', epoll: '1' } },
    'node_modules/a': { dependencies: { b: '2' } },
    'node_modules/a/node_modules/b': { version: '2' },
    'node_modules/b': { version: '1' },
    'node_modules/epoll': { dependencies: { nan: '1' } },
    'node_modules/nan': {},
  };
  const files = ['a/index.js', 'a/node_modules/b/index.js', 'b/index.js', 'epoll/epoll.js', 'nan/nan.js'];
  expect(copied(packages, files)).toEqual(['a/index.js', 'a/node_modules/b/index.js', 'epoll/epoll.js']);
});

test('types, maps, sources, tests and hidden files stay out; code and terms come along', () => {
  const kept = ['LICENSE', 'NOTICE.md', 'copying.txt', 'dist/doc/parser.js', 'index.js', 'lib/a.cjs', 'lib/data.json'];
  const out = [
    ...['.npmrc', '.github/a.js', 'README.md', 'a.d.ts', 'a.js.map', 'bin/a.js', 'binding.gyp', 'src/a.cc', 'src/a.ts'],
    ...['docs/a.js', 'test/a.js', 'Makefile', 'prebuilds/win32/a.node'],
  ];
  const packages = { '': { dependencies: { a: '1' } }, 'node_modules/a': {} };
  const files = [...kept, ...out].map((file) => `a/${file}`);
  expect(copied(packages, files)).toEqual(kept.map((file) => `a/${file}`).sort());
});

test('a package without a licence file keeps its read-me, which states the terms', () => {
  expect(copied({ '': { dependencies: { a: '1' } }, 'node_modules/a': {} }, ['a/README.md', 'a/a.js'])).toEqual([
    'a/README.md',
    'a/a.js',
  ]);
});

test.each(['x64', 'arm64'])('of ONNX Runtime only the files for Linux on %s come along', (arch) => {
  const packages = { '': { dependencies: { 'onnxruntime-node': '1' } }, 'node_modules/onnxruntime-node': {} };
  const bin = 'onnxruntime-node/bin/napi-v6';
  const files = ['darwin/arm64/a.node', 'linux/arm64/a.node', 'linux/x64/a.node', 'win32/x64/a.dll'];
  expect(copied(packages, ['onnxruntime-node/LICENSE', ...files.map((file) => `${bin}/${file}`)], arch)).toEqual([
    'onnxruntime-node/LICENSE',
    `${bin}/linux/${arch}/a.node`,
  ]);
});
