import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { collectMachine } from '../../src/metrics/collect.js';
import { Instruments } from '../../src/metrics/instruments.js';
import { MachineWatch } from '../../src/metrics/machine-watch.js';
import { simulatedMachine } from '../host/machine/simulated-machine.js';
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

test('the journal is as large as its files', async () => {
  const watch = new MachineWatch(simulatedMachine({}), state, new ManualClock());
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBeUndefined();
  mkdirSync(join(state, 'journal'));
  for (const name of ['a', 'b']) writeFileSync(join(state, 'journal', name), 'x'.repeat(100));
  await watch.refresh();
  expect(watch.facts?.journalBytes).toBe(200);
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
