import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { openVault } from '../../src/config/open-vault.js';
import { silentLog as log } from '../../src/kit/log.js';
import { keyText } from '../../src/kit/sealing/seal-key.js';
import { eraserOnTamper, TAMPER_FILE } from '../../src/report/erase-on-tamper.js';
import { tempFolder } from '../store/sample.js';

async function gate(eraseOnTamper: boolean) {
  const folder = await tempFolder();
  const sealKeyFile = join(folder, 'seal.key');
  writeFileSync(sealKeyFile, keyText(randomBytes(32)));
  const storage = { ...defaultConfig.storage, sealKeyFile, eraseOnTamper };
  const vault = openVault(storage, {});
  const paths = { state: folder, cache: folder, run: folder };
  return {
    folder,
    sealKeyFile,
    vault,
    erase: eraserOnTamper({ config: { ...defaultConfig, storage }, paths, vault, log }, {}),
  };
}

test('the key is forgotten, overwritten and removed, and root is asked for what only root can do', async () => {
  const { folder, sealKeyFile, vault, erase } = await gate(true);
  const open = openSync(sealKeyFile, 'r');
  await erase();
  expect([existsSync(sealKeyFile), existsSync(join(folder, TAMPER_FILE))]).toEqual([false, true]);
  const bytes = Buffer.alloc(100);
  expect(readSync(open, bytes, 0, 100, 0)).toBe(45);
  expect(bytes.every((byte) => byte === 0)).toBe(true);
  // Nothing is left for root, who starts a gate anew only for a destroyed key.
  expect(readFileSync(join(folder, TAMPER_FILE), 'utf8')).toBe('destroyed\n');
  rmSync(join(folder, TAMPER_FILE));
  await erase();
  expect(existsSync(join(folder, TAMPER_FILE)), 'asked for again').toBe(false);
  expect(() => vault.sealed('people', ['x'])).toThrow(/destroyed because the housing was opened/);
  expect(vault.keyId).toBeUndefined();
});

test('where it is not wanted nothing happens', async () => {
  const { folder, sealKeyFile, vault, erase } = await gate(false);
  await erase();
  expect([existsSync(sealKeyFile), existsSync(join(folder, TAMPER_FILE))]).toEqual([true, false]);
  expect(vault.fault).toBeUndefined();
});

test('a key that cannot be removed keeps nothing from being asked for', async () => {
  const { folder, sealKeyFile, vault, erase } = await gate(true);
  rmSync(sealKeyFile);
  mkdirSync(sealKeyFile);
  await erase();
  expect(readFileSync(join(folder, TAMPER_FILE), 'utf8')).toBe('');
  expect(vault.fault).toBeDefined();
});
