import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, judgeGate } from '../../src/doctor/judge/gate.js';
import { lookAtGate } from '../../src/doctor/look-at-gate.js';
import { WriterLock } from '../../src/kit/files/writer-lock.js';
import { silentLog } from '../../src/kit/log.js';
import { systemClock } from '../../src/kit/system-clock.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaimon-doctor-'));
  mkdirSync(join(folder, 'run'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const people = () => join(folder, 'people.json');
const look = () => lookAtGate({ state: folder, cache: folder, run: join(folder, 'run') }, people());
const say = (changes: object = {}) => {
  const state = {
    time: new Date().toISOString(),
    version: '1.0.0',
    status: 'degraded',
    door: { mode: 'normal', state: 'locked' },
    eye: 'up',
    camera: 'waiting',
    problems: ['no camera: it is gone'],
    warnings: ['liveness-off: a photo opens'],
    people: 3,
    more: 'of a later version',
    ...changes,
  };
  writeFileSync(join(folder, 'run', 'state.json'), JSON.stringify(state));
};

test('a gate that says how it is is believed, problem by problem', async () => {
  say();
  const found = judgeGate(await look());
  expect(found.map(({ result, text }) => [result, text])).toEqual([
    ['warning', 'degraded: version 1.0.0, door locked (normal), camera waiting, eye up'],
    ['problem', 'no camera: it is gone'],
    ['warning', 'liveness-off: a photo opens'],
  ]);
  say({ status: 'online', problems: [], warnings: [] });
  expect(judgeGate(await look()).map(({ result }) => result)).toEqual(['ok']);
});

test('a state that gives the time of the machine is as old as that, whatever became of the other clock', async () => {
  say({ time: '2020-01-01T00:00:00.000Z', monotonicMs: systemClock.monotonic() });
  expect(isRunning(await look())).toBe(true);
  say({ monotonicMs: systemClock.monotonic() + 3_600_000 });
  expect(isRunning(await look())).toBe(false);
});

test.each([
  ['an old state is that of a gate that is gone', { time: '2026-01-01T00:00:00.000Z' }],
  ['a state from the future is not believed', { time: '2126-01-01T00:00:00.000Z' }],
  ['a state that has another shape is not believed', { problems: 'many' }],
])('%s', async (_title, changes) => {
  say(changes);
  const found = await look();
  expect(isRunning(found)).toBe(false);
  expect(judgeGate(found)).toMatchObject([{ result: 'ok', text: expect.stringMatching(/none runs/) }]);
});

test('without a state the lock of the people tells that a gate runs', async () => {
  expect(isRunning(await look())).toBe(false);
  const lock = await WriterLock.take(`${people()}.lock`, silentLog, {
    code: 'KAIMON_PEOPLE_LOCKED',
    name: 'people',
    advice: '',
  });
  try {
    const found = await look();
    expect(found.pid).toBe(process.pid);
    expect(isRunning(found)).toBe(true);
    expect(judgeGate(found)).toMatchObject([{ result: 'ok', text: expect.stringMatching(/process \d+/) }]);
  } finally {
    await lock.release();
  }
});

test('the lock of a process that is gone tells of none', async () => {
  writeFileSync(
    `${people()}.lock`,
    JSON.stringify({ pid: 2 ** 22 + 1, uid: 0, started: '1', boot: 'another', token: 'x' }),
  );
  expect((await look()).pid).toBeUndefined();
});
