import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, type Outcome, run, tree } from '../tree.js';

const manifest = JSON.stringify({
  models: [{ name: 'net', file: 'net.onnx', licence: { spdx: null, text: 'Nobody knows.' }, origin: 'Found.' }],
});

function copyright(packages: Readonly<Record<string, string>>): Outcome {
  const home = tree({
    'models/manifest.json': manifest,
    'models/licences/face.txt': 'Some terms',
    ...Object.fromEntries(Object.entries(packages).map(([path, content]) => [`node_modules/${path}`, content])),
  });
  return run(process.execPath, [join(checkout, 'scripts/deploy/package.d/copyright.mjs'), home]);
}

test('each package stands with its holders and its text, nested ones too', () => {
  const { code, out } = copyright({
    'a/package.json': '{"name":"a","license":"ISC"}',
    'a/LICENSE': 'ISC\n\nCopyright (c) 2020 Ada\n\nUse it.',
    'a/node_modules/@b/c/package.json': '{"name":"@b/c","license":"MIT","author":"Grace"}',
  });
  expect(code).toBe(0);
  expect(out).toContain('Files: usr/lib/kaimon/node_modules/a/*\nCopyright: 2020 Ada\nLicense: ISC\n ISC\n .\n');
  expect(out).toContain('Files: usr/lib/kaimon/node_modules/a/node_modules/@b/c/*\nCopyright: Grace\nLicense: MIT\n');
  expect(out).toContain('Files: usr/lib/kaimon/models/net.onnx');
  expect(out).toContain('Some terms');
});

test('a package that states no licence is not shipped', () => {
  const { code, err } = copyright({ 'a/package.json': '{"name":"a"}' });
  expect(code).toBe(1);
  expect(err).toContain('node_modules/a states no licence');
});

test('the text of the Apache License is named and not repeated', () => {
  const apache = '   Apache License\n   Version 2.0, January 2004\n\nterms\n\n   END OF TERMS AND CONDITIONS';
  const { out } = copyright({ 'a/package.json': '{"license":"Apache-2.0"}', 'a/LICENSE': `${apache}\n\n${apache}` });
  expect(out).not.toContain('January 2004');
  expect(out).toContain('/usr/share/common-licenses/Apache-2.0]');
});
