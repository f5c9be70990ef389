import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { makeSealKey } from '../../src/kit/sealing/seal-key.js';
import { isSealed } from '../../src/kit/sealing/sealed-file.js';
import { Vault } from '../../src/kit/sealing/vault.js';
import { AttackPictures, evidencePurpose, renewPictures } from '../../src/report/attack-pictures.js';

let home: string;
let folder: string;
let clock: ManualClock;
beforeEach(() => {
  trustedClock.trusted = true;
  home = mkdtempSync(join(tmpdir(), 'kaimon-evidence-'));
  folder = join(home, 'evidence');
  clock = new ManualClock(Date.UTC(2026, 10, 24, 8));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

let requested = 0;
const trustedClock = { trusted: true };
const make = (pictures: number, picture: () => Promise<Buffer | undefined> = async () => Buffer.from('jpeg')) => {
  requested = 0;
  const redactedPicture = () => {
    requested += 1;
    return picture();
  };
  return new AttackPictures({ folder, pictures, days: 30, redactedPicture, clock, trustedClock, log: silentLog });
};
const kept = () => readdirSync(folder);

test('by default nothing is kept, and no picture is requested from the eye', async () => {
  expect(await make(0).keep(1)).toBeUndefined();
  expect([requested, readdirSync(home)]).toEqual([0, []]);
});

test('a picture is kept under its time and track, readable for Kaimon only', async () => {
  const file = await make(5).keep(12);
  expect(file).toBe(join(folder, '2026-11-24T08-00-00.000Z-track-12.jpg'));
  expect(readFileSync(file as string, 'utf8')).toBe('jpeg');
  expect([statSync(folder).mode & 0o777, statSync(file as string).mode & 0o777]).toEqual([0o700, 0o600]);
});

test('a photo that is waved all night is kept once in ten seconds, and only the newest pictures stay', async () => {
  const pictures = make(2);
  for (let i = 0; i < 60; i++) {
    await pictures.keep(i);
    clock.advance(1000);
  }
  expect(requested).toBe(6);
  expect(kept().map((name) => name.slice(-6, -4))).toEqual(['40', '50']);
});

test('old pictures are deleted, other files stay', async () => {
  mkdirSync(folder);
  for (const name of ['2026-10-01T08-00-00.000Z-track-1.jpg', '2026-11-20T08-00-00.000Z-track-2.jpg', 'report.pdf'])
    writeFileSync(join(folder, name), '');
  await make(5).purge();
  expect(kept().sort()).toEqual(['2026-11-20T08-00-00.000Z-track-2.jpg', 'report.pdf']);
});

test('while the clock is not trusted no picture is too old: a clock that jumps ahead must not delete what it shows', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, '2026-11-20T08-00-00.000Z-track-2.jpg'), '');
  clock.jumpWall(3 * 365 * 86_400_000);
  trustedClock.trusted = false;
  await make(5).purge();
  expect(kept()).toHaveLength(1);
  trustedClock.trusted = true;
  await make(5).purge();
  expect(kept()).toEqual([]);
});

test('when it is switched off again, the next purge deletes what was kept', async () => {
  await make(5).keep(1);
  await make(0).purge();
  expect(kept()).toEqual([]);
});

test('an eye without a picture, an eye that fails, and a folder that cannot be written throw nothing', async () => {
  expect(await make(5, async () => undefined).keep(1)).toBeUndefined();
  expect(await make(5, () => Promise.reject(new Error('the eye is gone'))).keep(1)).toBeUndefined();
  writeFileSync(folder, 'a file where the folder should be');
  expect(await make(5).keep(1)).toBeUndefined();
  await make(5).purge();
});

test('with a key pictures are sealed, those of before too, each for its name', async () => {
  const vault = Vault.sealing(makeSealKey(randomBytes(32)));
  const plain = (await make(5).keep(1)) as string;
  const redactedPicture = async () => Buffer.from('jpeg');
  const parts = { folder, pictures: 5, days: 30, redactedPicture, clock, trustedClock, log: silentLog };
  await renewPictures(folder, vault, silentLog);
  clock.advance(10_000);
  const sealed = (await new AttackPictures({ ...parts, vault }).keep(2)) as string;
  for (const file of [plain, sealed]) {
    const bytes = readFileSync(file);
    expect(isSealed(bytes)).toBe(true);
    expect((await vault.opened(evidencePurpose(basename(file)), bytes, file)).bytes.toString()).toBe('jpeg');
  }
  await expect(vault.opened(evidencePurpose(basename(plain)), readFileSync(sealed), sealed)).rejects.toThrow();
});
