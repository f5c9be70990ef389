import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Extra, Manifest, Model, NpmSource } from '../../src/models/manifest.js';

export interface Member {
  readonly name: string;
  readonly text: string | Uint8Array;
  /** Header type: '0' a file, '2' a symbolic link, '5' a folder. */
  readonly type?: string;
}

/** A .tgz as npm makes it, by hand: a ustar header of 512 bytes, the contents filled up to blocks of 512. */
export function makeTarball(members: readonly Member[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, text, type } of members) {
    const body = Buffer.from(new Uint8Array(typeof text === 'string' ? Buffer.from(text) : text));
    const header = Buffer.alloc(512);
    header.write(name, 0, 100, 'latin1');
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type ?? '0', 156);
    header.write('ustar\x0000', 257, 'latin1');
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
export const integrityOf = (tgz: Uint8Array): string => `sha512-${createHash('sha512').update(tgz).digest('base64')}`;

export const npmSource = (tgz: Uint8Array, path: string): NpmSource => ({
  kind: 'npm',
  package: '@test/faces',
  version: '1.2.3',
  integrity: integrityOf(tgz),
  path,
  how: 'as-is',
});

/** A manifest entry of a liveness network whose file holds `text`. */
export const model = (name: string, text: string, source: Model['source']): Model => ({
  name,
  role: 'liveness',
  file: source.kind === 'npm' ? `build/${name}.onnx` : `${name}.onnx`,
  bytes: text.length,
  sha256: sha256(text),
  source,
  licence: { spdx: 'MIT', text: 'MIT, for this test' },
  origin: 'made up by this test',
  input: { width: 8, height: 8, channels: 3, colour: 'rgb', layout: 'nchw', mean: [0], scale: 1 },
  looks: [2],
  output: { name: 'output', dimension: 3, activation: 'softmax', live: 0 },
  evidence: { offset: 0, slope: 1, least: -4, most: 4, needs: null },
});

export const sample = (file: string, text: string, source: NpmSource): Extra => {
  const { how: _, ...pinned } = source;
  return { file, bytes: text.length, sha256: sha256(text), source: pinned };
};

export const manifestOf = (models: readonly Model[], samples: readonly Extra[] = []): Manifest => ({
  schema: 1,
  models: [...models],
  samples: [...samples],
  originals: [],
});
