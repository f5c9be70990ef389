import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { silentLog as log } from '../../src/kit/log.js';
import { keyText, makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { isSealed } from '../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { systemClock as clock } from '../../src/kit/system-clock.js';
import { openPassages } from '../../src/passback/passages-file.js';
import { ENCODER, openStore, tempFolder } from '../store/sample.js';
import { KEY, LOCK, northState } from './given.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const CLI = at('../../dist/cli/main.js');
const SECRET = Buffer.alloc(32, 7);
const vault = Vault.sealing(makeSealKey(SECRET));

/** What the unit in the documentation starts each night. */
const [, documented = ''] =
  /^ExecStart=\/usr\/bin\/kaimon (.*)$/m.exec(readFileSync(at('../../docs/backup.md'), 'utf8')) ?? [];

test.skipIf(!existsSync(CLI))(
  'the documented unit backs up a gate that seals its people, and what it made is restored with that key',
  async () => {
    const [folder, state] = [await tempFolder(), await northState()];
    await (await openStore({ file: join(state, 'people.json'), encoder: ENCODER, clock, vault })).close();
    await (await openPassages(state, { clock, log, vault })).close();
    const of = (name: string) => join(folder, name);
    mkdirSync(of('backups'));
    mkdirSync(of('credentials'));
    writeFileSync(of('seal.key'), keyText(SECRET), { mode: 0o640 });
    writeFileSync(join(of('credentials'), 'kaimon-seal'), keyText(SECRET), { mode: 0o400 });
    writeFileSync(of('backup.pub'), `${LOCK.kind === 'recipients' ? LOCK.recipients[0] : ''}\n`);
    writeFileSync(of('backup.key'), `${KEY.kind === 'identities' ? KEY.identities[0] : ''}\n`, { mode: 0o600 });
    const configured = (sealKeyFile: string) =>
      writeFileSync(of('kaimon.yaml'), `site: home\ngate: north\nstorage:\n  sealKeyFile: ${sealKeyFile}\n`);
    const places: Readonly<Record<string, string>> = {
      '/mnt/backups': of('backups'),
      '/var/lib/kaimon': state,
      '/etc/kaimon/kaimon.yaml': of('kaimon.yaml'),
      '/etc/kaimon/backup.pub': of('backup.pub'),
    };
    const kaimon = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
      spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });
    const unit = documented.split(' ').map((word) => places[word] ?? word);
    expect(unit).not.toEqual(documented.split(' '));

    configured(of('seal.key'));
    expect(kaimon(unit)).toMatchObject({ stderr: '', status: 0 });
    configured('kaimon-seal');
    expect(kaimon(unit)).toMatchObject({ stderr: expect.stringContaining('is sealed with the key'), status: 4 });
    expect(kaimon(unit, { CREDENTIALS_DIRECTORY: of('credentials') })).toMatchObject({ stderr: '', status: 0 });
    const made = readdirSync(of('backups'));
    expect(made).toHaveLength(2);

    const restore = ['restore', join(of('backups'), made[0] ?? ''), '--identity', of('backup.key'), '--unsigned'];
    const there = ['--config', of('kaimon.yaml'), '--state', of('new')];
    expect(kaimon([...restore, ...there]).status).toBe(4);
    expect(existsSync(join(of('new'), 'people.json'))).toBe(false);
    expect(kaimon([...restore, ...there, '--seal-key', of('seal.key')]).status).toBe(0);
    expect(isSealed(readFileSync(join(of('new'), 'people.json')))).toBe(true);
  },
);
