import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encoderId, findModel } from '../../src/models/manifest.js';
import { loadManifest } from '../../src/models/model-files.js';
import { person, template, version } from '../store/sample.js';
import { discard, kaimon, notReady, scratch } from './harness.js';

let folder: string;
const at = (name: string) => join(folder, name);
const run = async (config: string, ...args: string[]) => {
  const { code, stdout } = await kaimon('--json', '--state', at('state'), '--config', at(config), ...args);
  return { code, json: stdout ? JSON.parse(stdout) : undefined };
};

beforeAll(() => {
  folder = scratch();
  writeFileSync(at('plain.yaml'), 'log: {level: warn}\n');
  writeFileSync(at('sealed.yaml'), `storage: {sealKeyFile: ${at('seal.key')}}\n`);
  writeFileSync(at('strict.yaml'), `storage: {sealKeyFile: ${at('seal.key')}, refusePlain: true}\n`);
});
afterAll(() => discard(folder));

test.skipIf(notReady)(
  `a gate's people are sealed, read with the key, refused without it, and made plain again only when that is asked for${notReady ? ` (${notReady})` : ''}`,
  async () => {
    const made = await run('plain.yaml', 'seal', 'new-key', '--out', at('seal.key'));
    expect(made).toMatchObject({ code: 0, json: { key: expect.stringMatching(/^[0-9a-f]{16}$/) } });
    expect(statSync(at('seal.key')).mode & 0o777).toBe(0o600);
    const { key } = made.json;
    const before = readFileSync(at('seal.key'));
    expect((await run('plain.yaml', 'seal', 'new-key', '--out', at('seal.key'))).code).toBe(4);
    expect(readFileSync(at('seal.key'))).toEqual(before);

    const encoder = encoderId(findModel(loadManifest(), 'encoder', 'mobilefacenet'));
    const vector = {
      ...template(0.5, encoder),
      vector: Buffer.from(new Float32Array(128).fill(0.088).buffer).toString('base64'),
    };
    const people = [person('p-1', version(1_795_507_200_000), { name: 'Ada', templates: [vector] })];
    writeFileSync(at('people-backup.json'), JSON.stringify({ schema: 1, encoder, people }));
    expect((await run('plain.yaml', 'people', 'import', at('people-backup.json'))).code).toBe(0);
    const picture = '2026-11-24T08-00-00.000Z-track-1.jpg';
    mkdirSync(join(at('state'), 'evidence'));
    writeFileSync(join(at('state'), 'evidence', picture), 'jpeg');

    const planted = await run('strict.yaml', 'people', 'list');
    expect(planted).toMatchObject({ code: 4, json: { error: { code: 'KAIMON_SEAL_KEY' } } });
    expect(planted.json.error.message).toContain('is plain although this gate seals');
    expect((await run('strict.yaml', 'seal', 'now')).code).toBe(0);
    const { json: status } = await run('sealed.yaml', 'seal', 'status');
    expect(status).toMatchObject({ key, fault: null });
    expect(status.files.map(({ key: of }: { key: string }) => of)).toEqual([key, key]);
    expect(readFileSync(join(at('state'), 'people.json')).includes('Ada')).toBe(false);
    expect((await run('sealed.yaml', 'people', 'list')).json).toMatchObject([{ id: 'p-1', name: 'Ada' }]);
    const cat = await kaimon('--config', at('sealed.yaml'), 'seal', 'cat', join(at('state'), 'evidence', picture));
    expect(cat.stdout).toBe('jpeg');

    expect((await run('strict.yaml', 'people', 'list')).json).toHaveLength(1);
    const without = await run('plain.yaml', 'people', 'list');
    expect(without).toMatchObject({ code: 4, json: { error: { code: 'KAIMON_SEAL_KEY' } } });
    expect(without.json.error.message).toContain(key);
    const given = await run('plain.yaml', 'people', 'list', '--seal-key', at('seal.key'));
    expect(given).toMatchObject({ code: 0, json: [{ id: 'p-1' }] });

    expect((await run('plain.yaml', 'seal', 'off')).code).toBe(2);
    expect((await run('plain.yaml', 'seal', 'off', '--seal-key', at('seal.key'))).code).toBe(0);
    expect(readFileSync(join(at('state'), 'people.json')).includes('Ada')).toBe(true);
    expect(existsSync(join(at('state'), 'journal'))).toBe(false);
  },
  120_000,
);
