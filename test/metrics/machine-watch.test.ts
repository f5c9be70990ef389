import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { collectMachine } from '../../src/metrics/collect.js';
import { Instruments } from '../../src/metrics/instruments.js';
import { MachineWatch } from '../../src/metrics/machine-watch.js';
import { simulatedMachine } from '../host/machine/simulated-machine.js';
import { until } from '../site/until.js';
import { samplesOf } from './samples.js';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'kaimon-watch-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const MEMORY = { '/proc/meminfo': 'MemTotal: 100 kB\nMemAvailable: 40 kB' };

test('whoever asks gets what was read last, and a disk that hangs does not look well for ever', async () => {
  const clock = new ManualClock();
  const machine = simulatedMachine(MEMORY);
  let hangs = false;
  let reads = 0;
  const fileSystem = () => {
    reads++;
    return hangs ? new Promise<undefined>(() => undefined) : machine.fileSystem(state);
  };
  const watch = new MachineWatch({ ...machine, fileSystem }, state, clock);
  expect(watch.facts).toBeUndefined();
  await watch.refresh();
  expect(watch.facts?.memory?.totalBytes).toBe(102_400);
  expect(reads).toBe(1);
  hangs = true;
  clock.advance(10_000);
  expect(watch.facts?.memory?.totalBytes).toBe(102_400);
  expect(watch.facts).toBeDefined();
  expect(reads).toBe(2);
  clock.advance(50_001);
  expect(watch.facts).toBeUndefined();
  expect(reads).toBe(2);
});

test('the journal is as large as its files, those with what is personal among them', async () => {
  const clock = new ManualClock();
  const watch = new MachineWatch(simulatedMachine({}), state, clock);
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBeUndefined();
  mkdirSync(join(state, 'journal', 'personal'), { recursive: true });
  for (const name of ['a', 'b', 'personal/a']) writeFileSync(join(state, 'journal', name), 'x'.repeat(100));
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBe(300);
  writeFileSync(join(state, 'journal', 'c'), 'x');
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBe(300);
  clock.advance(60_000);
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBe(301);
});

test('of a journal with many files one is asked of the disk at a time, however often somebody asks', async () => {
  const clock = new ManualClock();
  mkdirSync(join(state, 'journal'));
  for (let n = 0; n < 20; n++) writeFileSync(join(state, 'journal', `${n}`), '');
  const waiting: (() => void)[] = [];
  const sizeOf = () => new Promise<number>((resolve) => waiting.push(() => resolve(1)));
  const watch = new MachineWatch(simulatedMachine(MEMORY), state, clock, sizeOf);
  const read = watch.refresh();
  await until('the first is asked for', () => waiting.length > 0);
  // What else the machine tells does not wait for it, until it is too old.
  expect(watch.facts?.memory).toBeDefined();
  clock.advance(60_001);
  expect(watch.facts).toBeUndefined();
  expect(waiting).toHaveLength(1);
  for (let n = 1; n <= 20; n++) {
    await until('the next is asked for', () => waiting.length >= n);
    expect(waiting).toHaveLength(n);
    waiting[n - 1]?.();
  }
  await read;
  await watch.refresh().catch(() => undefined);
  expect(watch.facts?.journalBytes).toBe(20);
});

test('of places with the same name the hottest is shown', async () => {
  const metrics = new Instruments();
  const zone = (celsius: number) => ({ name: 'acpitz', celsius, slowsAt: undefined, endsAt: undefined });
  const none = { model: undefined, memory: undefined, throttling: undefined, disk: undefined, wear: undefined };
  collectMachine(metrics, { ...none, zones: [zone(60), zone(95), zone(30)], journalBytes: undefined });
  expect(samplesOf(await metrics.text()).get('kaimon_temperature_celsius{zone="acpitz"}')).toBe(95);
});

test('what the machine tells is shown, and what it does not tell is absent', async () => {
  const metrics = new Instruments();
  const facts = {
    model: undefined,
    memory: { totalBytes: 2, availableBytes: 1 },
    zones: [{ name: 'cpu-thermal', celsius: 61.5, slowsAt: 80, endsAt: undefined }],
    throttling: { now: ['under-voltage' as const], sinceStart: [] },
    disk: { freeBytes: 3, totalBytes: 4, device: '8:1' },
    wear: { usedPercent: 30, spares: undefined },
    journalBytes: 5,
  };
  collectMachine(metrics, facts);
  expect(Object.fromEntries(samplesOf(await metrics.text()))).toMatchObject({
    kaimon_memory_available_bytes: 1,
    kaimon_memory_size_bytes: 2,
    kaimon_disk_free_bytes: 3,
    kaimon_disk_size_bytes: 4,
    kaimon_journal_bytes: 5,
    kaimon_disk_life_used_ratio: 0.3,
    'kaimon_temperature_celsius{zone="cpu-thermal"}': 61.5,
    'kaimon_throttled{kind="under-voltage"}': 1,
    'kaimon_throttled{kind="throttled"}': 0,
  });
  collectMachine(metrics, undefined);
  const shown = [...samplesOf(await metrics.text()).keys()];
  expect(shown.filter((series) => /disk|memory|journal_bytes|temperature|throttled/.test(series))).toEqual([]);
});
