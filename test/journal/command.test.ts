import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { auditCommand } from '../../src/cli/audit.js';
import { defaultConfig } from '../../src/config/config.js';
import { csvRow } from '../../src/journal/audit/csv.js';
import { openJournalOf } from '../../src/journal/open-journal.js';
import { signerOf } from '../../src/journal/signing.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { openJournal, record } from './harness.js';
import { MemoryDisk } from './memory-disk.js';

let state = '';
let printed = '';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');

beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'kaimon-audit-'));
  printed = '';
  vi.stubEnv('KAIMON_CONFIG', '');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const signer = signerOf(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), 'key');
  const journal = await openJournal(disk, clock, { signer: () => signer });
  await record(journal, clock, 'ada');
  clock.advance(3_600_000);
  void journal.append({ type: 'refused', fields: { reason: 'nobody', text: 'a "stranger", at =the gate' } });
  await record(journal, clock, '=cmd');
  await journal.close();
  for (const [name, { bytes }] of disk.files) {
    const path = join(state, 'journal', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  rmSync(state, { recursive: true });
});

const run = (...args: string[]) =>
  new Command('kaimon')
    .option('--config <file>')
    .option('--state <dir>')
    .option('--json')
    .addCommand(auditCommand())
    .parseAsync(['audit', ...args, '--state', state], { from: 'user' });

test('verify finds nothing wrong with an undamaged journal', async () => {
  await run('verify');
  expect(printed).toMatch(/3 entries, 1 to 3 in 1 files[\s\S]*signature unchecked\nthe chain is whole\n$/);
  expect(process.exitCode).toBe(0);
});

test('verify finds a changed line and says which one it is', async () => {
  const file = join(state, 'journal', '000000000001.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace('nobody', 'spoof!'));
  await run('verify', '--json');
  expect(JSON.parse(printed)).toMatchObject({
    ok: false,
    faults: [{ kind: 'changed', file: '000000000001.jsonl', line: 2, n: 2 }],
  });
  expect(process.exitCode).toBe(1);
});

test('verify checks the signature with a public key', async () => {
  const key = join(state, 'journal.pub');
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }));
  await run('verify', '--json', '--key', key);
  expect(JSON.parse(printed)).toMatchObject({ ok: true, signature: 'valid' });
  writeFileSync(key, 'no key');
  await expect(run('verify', '--key', key)).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_KEY' });
});

test('without a journal the command says so', async () => {
  rmSync(join(state, 'journal'), { recursive: true });
  await expect(run('verify')).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_MISSING' });
  await expect(run('show')).rejects.toMatchObject({ code: 'KAIMON_JOURNAL_MISSING' });
});

test.each<[string, readonly string[], readonly number[]]>([
  ['all', [], [1, 2, 3]],
  ['the newest', ['--limit', '1'], [3]],
  ['those of a type', ['--type', 'refused'], [2]],
  ['those of a person by id', ['--person', 'ada'], [1]],
  ['those of a person by name', ['--person', 'Ada'], [1]],
  ['those since a time', ['--since', '2026-11-24T08:30:00Z'], [2, 3]],
])('show lists %s', async (_what, args, numbers) => {
  await run('show', '--json', ...args);
  expect(JSON.parse(printed).map(({ n }: { n: number }) => n)).toEqual(numbers);
});

test('a --since that is not a time is wrong use', async () => {
  await expect(run('show', '--since', 'yesterday')).rejects.toMatchObject({ trouble: 'usage' });
});

test('export writes CSV that a spreadsheet reads but does not run as formulas', async () => {
  await run('export', '--csv');
  const rows = printed.split('\r\n');
  expect(rows[0]).toBe('n,time,type,person,name,reason,state,distance,text,more,boot,erased');
  expect(rows[1]).toBe('1,2026-11-24T08:00:00.000Z,granted,ada,ADA,,,0.5,,,test,false');
  expect(rows[2]).toMatch(/,refused,,,nobody,,,"a ""stranger"", at =the gate",,test,false$/);
  expect(rows[3]).toMatch(/,granted,'=cmd,'=CMD,/);
  expect(rows).toHaveLength(5);
});

test('export writes one JSON document a line where CSV is not asked for', async () => {
  await run('export');
  expect(
    printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).personal?.person),
  ).toEqual(['ada', undefined, '=cmd']);
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  [' =1', "' =1"],
  ['\t=1', "'\t=1"],
  ['a\r\nb', '"a\r\nb"'],
  ['plain', 'plain'],
  [-1, '-1'],
])('the cell %j is written as %j', (value, cell) => {
  expect(csvRow([value])).toBe(`${cell}\r\n`);
});

describe('the archives that a journal names', () => {
  const archive = 'replaced-2026-11-29-10-00-00';
  const folder = () => join(state, 'journal-archive', archive);
  const head = () =>
    JSON.parse(readFileSync(join(state, 'journal', 'head.json'), 'utf8')) as { n: number; hash: string };

  /** The journal of this gate, with such an entry behind; a copy of it as it was stands as the archive. */
  async function append(type: string, fields: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    const journal = await openJournalOf(defaultConfig.journal, state, { clock: new ManualClock(), log: silentLog });
    void journal.append({ type, fields });
    await journal.close();
  }
  beforeEach(async () => {
    const { n, hash } = head();
    cpSync(join(state, 'journal'), folder(), { recursive: true });
    await append('restored', { gate: 'north', archive, archivedN: n, archivedHash: hash });
  });
  const verified = async (...args: string[]) => {
    printed = '';
    await run('verify', ...args);
    return { code: process.exitCode, printed };
  };

  test('are there and whole', async () => {
    expect((await verified()).code).toBe(0);
    expect((await verified('--archive', archive)).code).toBe(0);
  });

  test('are missed where one is gone, unless an entry says that it was purged', async () => {
    rmSync(folder(), { recursive: true });
    expect(await verified()).toEqual({ code: 1, printed: expect.stringContaining(`the archive ${archive} is gone`) });
    await append('archive-purged', { archive });
    expect((await verified()).code).toBe(0);
  });

  test('are found to be others: with another end, or none', async () => {
    const disk = new MemoryDisk();
    const clock = new ManualClock();
    const journal = await openJournal(disk, clock);
    for (let n = 0; n < 5; n++) await record(journal, clock, 'eve');
    await journal.close();
    rmSync(folder(), { recursive: true });
    for (const [name, { bytes }] of disk.files) {
      mkdirSync(dirname(join(folder(), name)), { recursive: true });
      writeFileSync(join(folder(), name), bytes);
    }
    for (const args of [[], ['--archive', archive]])
      expect(await verified(...args)).toEqual({ code: 1, printed: expect.stringContaining('is another one') });
    writeFileSync(join(folder(), '000000000001.jsonl'), '');
    expect(await verified()).toEqual({ code: 1, printed: expect.stringContaining('does not hold its end') });
  });
});
