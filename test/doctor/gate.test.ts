import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateLook, isRunning, judgeGate, serviceOf } from '../../src/doctor/judge/gate.js';
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
const GATE = ['node', 'cli.js', 'run'];
const look = (processArguments: readonly string[] = GATE) =>
  lookAtGate({
    paths: { state: folder, cache: folder, run: join(folder, 'run') },
    peopleFile: people(),
    configFile: null,
    argumentsOf: async () => processArguments,
  });
const LOCK = { code: 'KAIMON_PEOPLE_LOCKED', name: 'people', advice: '' } as const;
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

test('a gate that holds the people and says nothing hangs, and one that said something long ago', async () => {
  expect(isRunning(await look())).toBe(false);
  const lock = await WriterLock.take(`${people()}.lock`, silentLog, LOCK);
  try {
    const silent = await look();
    expect(silent.pid).toBe(process.pid);
    expect(isRunning(silent)).toBe(true);
    const hangs = { result: 'problem', text: expect.stringMatching(/^process \d+ is the gate and has said nothing/) };
    expect(judgeGate(silent)).toMatchObject([hangs]);
    say({ status: 'online', problems: [], monotonicMs: systemClock.monotonic() });
    expect(judgeGate(await look())).toMatchObject([{ result: 'ok' }, { result: 'warning' }]);
    say({ status: 'online', problems: [], monotonicMs: systemClock.monotonic() - 21_000 });
    expect(judgeGate(await look())).toMatchObject([hangs]);
  } finally {
    await lock.release();
  }
});

test('a command that has the people for a moment is no gate', async () => {
  const lock = await WriterLock.take(`${people()}.lock`, silentLog, LOCK);
  try {
    const found = await look(['node', 'cli.js', 'enroll', 'Ada']);
    expect(isRunning(found)).toBe(false);
    expect(judgeGate(found)).toMatchObject([{ result: 'ok', text: expect.stringMatching(/none runs.*a command/) }]);
  } finally {
    await lock.release();
  }
});

const NONE: GateLook = { pid: undefined, isCommand: false, said: undefined, ageMs: 0, service: undefined };
const shown = (changes: Readonly<Record<string, string>>) => {
  const said = { ActiveState: 'inactive', SubState: 'dead', UnitFileState: 'enabled', NRestarts: '0', ...changes };
  const text = Object.entries(said).map(([key, value]) => `${key}=${value}`);
  return serviceOf('kaimon@in', `${text.join('\n')}\n`, 1_000_000);
};

test.each([
  ['is enabled and down', shown({}), 'problem', /kaimon@in does not run \(inactive, dead\)/],
  ['has failed', shown({ ActiveState: 'failed', UnitFileState: 'disabled' }), 'problem', /does not run \(failed/],
  [
    'crashes',
    shown({ ActiveState: 'activating', SubState: 'auto-restart', NRestarts: '7' }),
    'problem',
    /ends again and again \(activating, auto-restart, 7 times\)/,
  ],
  ['was never enabled', shown({ UnitFileState: 'disabled' }), 'ok', /not enabled/],
  ['is not installed', shown({ UnitFileState: '' }), 'ok', /not enabled/],
  ['nobody can be asked of', serviceOf('kaimon', undefined, 0), 'problem', /kaimon does not run/],
] as const)('a service without a process: it %s', (_title, service, result, text) => {
  const [finding, ...others] = judgeGate({ ...NONE, service });
  expect(finding).toMatchObject({ result, text: expect.stringMatching(text) });
  if (result === 'problem')
    expect(finding?.advice).toBe(`systemctl status ${service.unit}; journalctl -u ${service.unit}`);
  expect(others).toEqual([]);
});

test('what a service said before it went down is not believed, and one that is up for a moment only is named', async () => {
  say({ status: 'online', problems: [], warnings: [], monotonicMs: systemClock.monotonic() });
  const said = await look();
  expect(isRunning(said)).toBe(true);
  expect(isRunning({ ...said, service: shown({}) })).toBe(false);
  const up = (monotonic: number) =>
    shown({ ActiveState: 'active', NRestarts: '7', ActiveEnterTimestampMonotonic: String(monotonic * 1000) });
  const results = (service: ReturnType<typeof shown>) =>
    judgeGate({ ...said, pid: 1, service }).map(({ result }) => result);
  expect(results(up(990_000))).toEqual(['ok', 'problem']);
  expect(results(up(600_000))).toEqual(['ok']);
});

test('the lock of a process that is gone tells of none', async () => {
  writeFileSync(
    `${people()}.lock`,
    JSON.stringify({ pid: 2 ** 22 + 1, uid: 0, started: '1', boot: 'another', token: 'x' }),
  );
  expect((await look()).pid).toBeUndefined();
});
