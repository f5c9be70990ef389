import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadManifest } from '../../src/models/model-files.js';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const networks = loadManifest().models.filter((entry) => entry.role === 'liveness');
const number = (value: number) => String(value).replace('-', '−');

test('the security model states what each network of liveness may say at most, as the manifest has it', () => {
  const page = read('docs/security-model.md');
  const stated = networks.map(({ name }) => {
    const row = page
      .split('\n')
      .find((line) => line.startsWith('|') && line.includes(`\`${name.replace(/^liveness$/, 'liveness.onnx')}\``));
    return [name, row?.split('|').at(-2)?.trim()];
  });
  const held = networks.map(({ name, evidence }) => [
    name,
    `${number(evidence.most)}, ${number(evidence.least)} a frame`,
  ]);
  expect(stated).toEqual(held);
});

test('the card of liveness.onnx names the file that is here', () => {
  const card = read('models/liveness.md');
  const own = networks.find(({ name }) => name === 'liveness');
  expect(card).toContain(String(own?.sha256));
  expect(card).toContain(`${own?.bytes.toLocaleString('en')} bytes`);
});
