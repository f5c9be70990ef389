import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NO_COUNTS } from '../../src/passback/passage-detection.js';
import { type RunState, readRunState, runStateFile, runStateOf } from '../../src/report/run-state.js';
import { RunStateFile } from '../../src/report/run-state-file.js';
import type { GateState } from '../../src/report/status.js';

const STATE: GateState = {
  status: 'degraded',
  door: { mode: 'normal', state: 'locked' },
  camera: 'live',
  eye: 'up',
  eyeConfinement: 'unit',
  passages: NO_COUNTS,
  problems: ['no camera: cable'],
  warnings: [],
};
const facts = { time: '2026-11-29T08:00:00.000Z', monotonicMs: 5, version: '1.0.0', pid: 7, people: 3, removed: 2 };
const stateWith = (change: Partial<GateState> = {}, journalFault?: string): RunState =>
  runStateOf({ ...facts, state: { ...STATE, ...change }, journalFault });

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'kaimon-state-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test('what is written is read again, and is for the gate and its group alone', async () => {
  const file = runStateFile(join(folder(), 'run'));
  const written = new RunStateFile({ file, state: () => stateWith(), log: { warn: vi.fn(), info: vi.fn() } });
  written.note();
  await vi.waitFor(() => expect(readRunState(file)).toEqual(stateWith()));
  expect(statSync(file).mode & 0o777 & ~0o640).toBe(0);
  await written.close();
  expect(existsSync(file)).toBe(false);
});

test('what changes during a write is in the next one, and a hundred changes are two writes', async () => {
  const file = runStateFile(folder());
  let people = 0;
  const state = vi.fn(() => ({ ...stateWith(), people: people++ }));
  const written = new RunStateFile({ file, state, log: { warn: vi.fn(), info: vi.fn() } });
  for (let n = 0; n < 100; n++) written.note();
  await vi.waitFor(() => expect(readRunState(file).people).toBe(1));
  await written.close();
  expect(state.mock.calls.length).toBeLessThanOrEqual(2);
});

test('a folder that cannot be made is told once and harms nothing', async () => {
  const root = folder();
  writeFileSync(join(root, 'run'), 'a file');
  const [warn, info] = [vi.fn(), vi.fn()];
  const file = runStateFile(join(root, 'run'));
  const written = new RunStateFile({ file, state: () => stateWith(), log: { warn, info } });
  written.note();
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
  rmSync(join(root, 'run'));
  written.note();
  await vi.waitFor(() => expect(info).toHaveBeenCalledTimes(1));
  expect(readRunState(file).people).toBe(3);
  await written.close();
  expect(readdirSync(join(root, 'run'))).toEqual([]);
});

test('however much is wrong, the file stays small', () => {
  const problems = Array.from({ length: 5000 }, () => 'x'.repeat(5000));
  const state = stateWith({ problems, warnings: problems }, 'y'.repeat(1e6));
  expect(JSON.stringify(state).length).toBeLessThan(32_000);
  expect(state.problems).toHaveLength(32);
});

test('the journal is ok or says why it is not written', () => {
  expect(stateWith().journal).toBe('ok');
  expect(stateWith({}, 'disk full').journal).toBe('disk full');
});

test('what cannot be used is refused with the file and what to think of it', () => {
  const file = runStateFile(folder());
  expect(() => readRunState(file)).toThrow(`${file}: no gate has written it`);
  for (const text of ['', '{}', JSON.stringify({ ...stateWith(), pid: 'x' })]) {
    writeFileSync(file, text);
    expect(() => readRunState(file)).toThrow('cannot read how the gate is');
  }
  writeFileSync(file, JSON.stringify({ ...stateWith(), later: 1 }));
  chmodSync(file, 0o600);
  expect(readRunState(file)).toEqual(stateWith());
});
