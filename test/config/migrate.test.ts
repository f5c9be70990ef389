import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffOf, migrate } from '../../src/cli/config-migrate.js';
import { checkConfig } from '../../src/config/check.js';
import { migrateConfig } from '../../src/config/migration/migrate.js';
import { CONFIG_STEPS } from '../../src/config/migration/removed-keys.js';
import { parseYaml } from '../../src/config/yaml.js';
import { tempFolder } from '../store/sample.js';

const OLD = `# Our gate.
site: home

access:
  # Shut after a photo was shown.
  lockout: { attempts: 3 }
liveness:
  motion: true # nod
  enabled: true # never without
  aliveSeconds: 2
`;
const NEW = `# Our gate.
site: home
liveness:
  enabled: true # never without
`;

test('keys that are gone are taken out, comments and the rest stay, and the result is in order', () => {
  const { text, done } = migrateConfig(OLD, 'kaimon.yaml');
  expect(text).toBe(NEW);
  expect(done).toEqual([
    expect.stringMatching(
      /^step 1: access\.lockout is gone, because anybody could shut the gate with a photo\. access/,
    ),
    expect.stringMatching(/^step 1: liveness\.motion is gone\. Movement/),
    expect.stringMatching(/^step 1: liveness\.aliveSeconds is gone\. How sure/),
  ]);
  const parsed = { ...parseYaml(text, 'kaimon.yaml'), name: 'kaimon.yaml' };
  expect(checkConfig({ file: parsed, env: {}, options: {} }).config.site).toBe('home');
});

test('a text that needs nothing stays as it is, byte for byte', () => {
  const text = 'site:   home\ncamera: {kind: device}   # ours\n\n\n';
  expect(migrateConfig(text, 'kaimon.yaml')).toEqual({ text, done: [] });
});

test('renamed keys take their value and its comment along, step after step; one that stands there already counts', () => {
  const steps = [
    ...CONFIG_STEPS,
    { 'door.pulse': { renamed: 'door.pulseMs' }, 'door.old': { renamed: 'door.relay' } },
    { 'door.pulseMs': { renamed: 'lock.pulseMs' } },
  ];
  const text = 'door:\n  pulse: 3000 # ms\n  old: 4\n  relay: 17\n';
  expect(migrateConfig(text, 'kaimon.yaml', steps)).toEqual({
    text: 'door:\n  relay: 17\nlock:\n  pulseMs: 3000 # ms\n',
    done: [
      'step 2: door.pulse is called door.pulseMs now',
      'step 2: door.old is called door.relay now, which stands there already and stays as it is',
      'step 3: door.pulseMs is called lock.pulseMs now',
    ],
  });
});

test('what is no YAML is refused', () => {
  expect(() => migrateConfig('a: [', 'kaimon.yaml')).toThrow('kaimon.yaml');
});

test('nothing is written without --write; with it the file keeps its mode, and a copy stays', async () => {
  const file = join(await tempFolder(), 'kaimon.yaml');
  writeFileSync(file, OLD);
  chmodSync(file, 0o640);
  await migrate(file, { json: true });
  expect(readFileSync(file, 'utf8')).toBe(OLD);
  await migrate(file, { json: true, write: true });
  expect(readFileSync(file, 'utf8')).toBe(NEW);
  expect(readFileSync(`${file}.before-migrate`, 'utf8')).toBe(OLD);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  await migrate(file, { json: true, write: true });
  expect(readFileSync(`${file}.before-migrate`, 'utf8')).toBe(OLD);
});

test.each([
  ['a\nb\nc', 'a\nc', ['- b']],
  ['a\nb', 'a\nx\nb\ny', ['+ x', '+ y']],
  ['a\nb\nc\nd', 'a\nB\nc\nD', ['- b', '+ B', '- d', '+ D']],
  ['same', 'same', []],
])('the lines that differ are shown: %j %j', (before, after, lines) => {
  expect(diffOf(before, after)).toEqual(lines);
});
