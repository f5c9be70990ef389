import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { defaultConfig } from '../../src/config/config.js';
import { KEY_WAIT_MS, makeOpening, withKey } from '../../src/config/opening.js';
import { Endings } from '../../src/kit/endings.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { keyText } from '../../src/kit/sealing/seal-key.js';
import { tempFolder } from '../store/sample.js';

/** A gate whose door is at work and whose key may still come. */
async function gate(bareName = false) {
  const folder = await tempFolder();
  const file = join(folder, 'key');
  const clock = new ManualClock();
  const endings = new Endings(clock);
  const sealKeyFile = bareName ? 'kaimon-seal' : file;
  const config = { ...defaultConfig, storage: { ...defaultConfig.storage, sealKeyFile } };
  const paths = { state: folder, cache: folder, run: folder };
  const done = vi.fn();
  const opened = withKey(makeOpening({ config, paths, clock, log: silentLog, endings }), {
    CREDENTIALS_DIRECTORY: folder,
  });
  void opened.then(done);
  const bring = () => writeFileSync(file, keyText(randomBytes(32)));
  return { clock, endings, opened, done, bring };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a key that comes after the gate has started is taken', async () => {
  const { clock, opened, done, bring } = await gate();
  clock.advance(KEY_WAIT_MS / 2);
  await turn();
  expect(done).not.toHaveBeenCalled();
  bring();
  clock.advance(100);
  const { vault, warnings } = await opened;
  expect([vault.fault, warnings]).toEqual([undefined, []]);
  expect(vault.keyId).toMatch(/^[0-9a-f]{16}$/);
});

test('one that does not come keeps nobody waiting for longer, and the state says so', async () => {
  const { clock, opened } = await gate();
  clock.advance(KEY_WAIT_MS);
  const { vault, warnings } = await opened;
  expect(vault.fault).toMatchObject({ code: 'KAIMON_SEAL_KEY' });
  expect(warnings).toEqual([expect.stringMatching(/^seal-key: the key .* cannot be read/)]);
});

test('a credential is there from the beginning or never: nobody waits for it', async () => {
  const { opened } = await gate(true);
  expect((await opened).vault.fault).toMatchObject({ code: 'KAIMON_SEAL_KEY' });
});

test('a stop ends the wait', async () => {
  const { clock, endings, done } = await gate();
  await endings.close();
  clock.advance(100);
  await turn();
  expect(done).toHaveBeenCalled();
});
