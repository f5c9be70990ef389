import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { gateOf, healthCommand, runStatesBelow } from '../../src/cli/health.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { systemClock } from '../../src/kit/system-clock.js';
import type { RunState } from '../../src/report/run-state.js';
import { openJournal } from '../journal/harness.js';
import { MemoryDisk } from '../journal/memory-disk.js';

let folder = '';
let printed = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-health-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

const run = (...args: string[]) =>
  new Command('kaimon')
    .option('--state <dir>')
    .option('--json')
    .addCommand(healthCommand())
    .parseAsync(['health', ...args], { from: 'user' });

function write(name: string, change: Partial<RunState> = {}): string {
  const state: RunState = {
    time: '2026-11-29T08:00:00.000Z',
    monotonicMs: systemClock.monotonic(),
    version: '2.0.0',
    pid: 77,
    status: 'online',
    door: { mode: 'normal', state: 'locked' },
    eye: 'up',
    camera: 'live',
    journal: 'ok',
    problems: [],
    warnings: [],
    people: 12,
    ...change,
  };
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(state));
  return file;
}

/** A state folder whose journal has the starts of these versions. */
async function journalOf(...versions: string[]): Promise<string> {
  const [disk, clock] = [new MemoryDisk(), new ManualClock()];
  const journal = await openJournal(disk, clock);
  for (const version of versions) void journal.append({ type: 'started', fields: { version } });
  void journal.append({ type: 'exit', fields: {} });
  await journal.close();
  for (const [name, { bytes }] of disk.files) {
    const path = join(folder, 'journal', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return folder;
}

test('a gate that is well is told in one line', async () => {
  const journal = await journalOf('1.0.0', '2.0.0');
  await run('--file', write('now.json'), '--before', write('before.json'), '--journal', journal, '--pid', '77');
  expect(printed).toMatch(/^well {6}.*kaimon-health-\S+: 2\.0\.0; door locked; eye up; camera live; 12 people\n$/);
  expect(process.exitCode).toBe(0);
});

test('the newest start in the journal must be that of the version at work', async () => {
  await run('--file', write('now.json'), '--journal', await journalOf('2.0.0', '1.0.0'));
  expect(printed).toContain('the newest start in the journal is of 1.0.0 and not of 2.0.0');
  expect(process.exitCode).toBe(1);
});

test('without a state the gate is not well, and a copy from before that cannot be read is no excuse', async () => {
  await run('--file', join(folder, 'none.json'), '--json');
  expect(JSON.parse(printed)).toMatchObject({ ok: false, gates: [{ healthy: false, state: null }] });
  expect(process.exitCode).toBe(1);
  process.exitCode = 0;
  await run('--file', write('now.json'), '--before', join(folder, 'none.json'));
  expect(process.exitCode).toBe(1);
});

test('all gates of a machine are found: that of the service and the instances', () => {
  const files = [write('state.json'), write('in/state.json'), write('out/state.json')];
  mkdirSync(join(folder, 'empty'));
  expect(runStatesBelow(folder)).toEqual(files);
  expect(runStatesBelow(join(folder, 'none'))).toEqual([]);
});

test('a gate is called by its unit, and one by hand by its run folder', () => {
  expect(gateOf('/run/kaimon/state.json')).toBe('kaimon');
  expect(gateOf('/run/kaimon/in/state.json')).toBe('kaimon@in');
  expect(gateOf('/home/ada/north/run/state.json')).toBe('/home/ada/north/run');
});

test('a state of before that says less, or otherwise, is compared only in what it says', async () => {
  const now = write('state.json', { people: 11 });
  const before = join(folder, 'before.json');
  writeFileSync(before, JSON.stringify({ version: '0.9.0', eye: 7, camera: 'live' }));
  await run('--file', now, '--before', before);
  expect(printed).toMatch(/^well/);
  writeFileSync(before, JSON.stringify({ people: 12 }));
  printed = '';
  await run('--file', now, '--before', before);
  expect(printed).toContain('12 people were enrolled and 11 are now');
});
