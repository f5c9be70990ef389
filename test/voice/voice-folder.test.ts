import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { voiceFolder } from '../../src/voice/voice-folder.js';
import { tempFolder } from '../store/sample.js';

const sealing = Vault.sealing(makeSealKey(randomBytes(32)));
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

test('greetings are on the disk where people are plain, and in the memory where they are sealed; what was there goes', async () => {
  const cache = await tempFolder();
  const run = mkdtempSync('/dev/shm/kaimon-');
  made.push(run);
  expect(voiceFolder({ cache, run }, Vault.plain(), silentLog)).toBe(join(cache, 'voice'));
  mkdirSync(join(cache, 'voice'));
  writeFileSync(join(cache, 'voice', 'a.wav'), 'Hello Ada');
  expect(voiceFolder({ cache, run }, sealing, silentLog)).toBe(join(run, 'voice'));
  await vi.waitFor(() => expect(existsSync(join(cache, 'voice'))).toBe(false));
});

test('where there is no memory for them there is no folder', async () => {
  const cache = await tempFolder();
  expect(voiceFolder({ cache, run: '/proc' }, sealing, silentLog)).toBeUndefined();
  expect(voiceFolder({ cache, run: join(cache, 'gone') }, sealing, silentLog)).toBeUndefined();
});
