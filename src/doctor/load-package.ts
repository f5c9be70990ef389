/** Loads one native package and prints its version. A process of its own: what does not fit this machine may end it, or never return. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadOpenCv, opencv } from '../kit/opencv/binding.js';

const require = createRequire(import.meta.url);

/** The version in a package's own package.json, which it need not export. */
function versionOf(name: string): string {
  const path = require.resolve(name);
  const root = path.slice(0, path.lastIndexOf(`/node_modules/${name}/`));
  const manifest = JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8')) as { version: string };
  return manifest.version;
}

const LOADERS: Readonly<Record<string, () => Promise<string>>> = {
  OpenCV: async () => {
    await loadOpenCv();
    const { major, minor, revision } = opencv().version;
    return `${major}.${minor}.${revision}`;
  },
  'ONNX Runtime': async () => (await import('onnxruntime-node')).env.versions.common,
  onoff: async () => {
    await import('onoff');
    return versionOf('onoff');
  },
  'unix-dgram': async () => {
    await import('unix-dgram');
    return versionOf('unix-dgram');
  },
};

const load = LOADERS[process.argv[2] ?? ''];
if (load === undefined) throw new RangeError(`unknown package ${process.argv[2]}`);
// The last line: the binding of OpenCV prints lines of its own.
process.stdout.write(`\n${await load()}\n`);
