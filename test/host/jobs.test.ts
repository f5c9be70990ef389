import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Job, type Jobs, startJobs } from '../../src/host/jobs.js';
import { silentLog } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let jobs: Jobs | undefined;
afterEach(() => jobs?.stop());

const modes = (run: Job['run']): Job => ({ name: 'modes', cron: '* * * * *', run });
const daily = (run: Job['run']): Job => ({ name: 'purge', cron: '0 4 * * *', run });

/** Half past the first minute of eight o'clock on a day in June; `pass` lets jobs end between two minutes. */
function started(wanted: readonly Job[], log: Parameters<typeof startJobs>[2] = silentLog) {
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 8, 0, 30));
  jobs = startJobs(wanted, clock, log);
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      await new Promise(setImmediate);
      clock.advance(Math.min(left, MINUTE_MS));
    }
    await new Promise(setImmediate);
  };
  return { clock, pass };
}

test('a job runs at the start, because something may have been missed, and then at each of its times', async () => {
  const [run, purge] = [vi.fn(), vi.fn()];
  const { pass } = started([modes(run), daily(purge)]);
  expect([run.mock.calls.length, purge.mock.calls.length]).toEqual([1, 1]);
  await pass(3 * MINUTE_MS);
  expect([run.mock.calls.length, purge.mock.calls.length]).toEqual([4, 1]);
  await pass(2 * DAY_MS);
  expect([run.mock.calls.length, purge.mock.calls.length]).toEqual([4 + 2 * 1440, 3]);
});

test('a job that fails is logged and called again', async () => {
  const log = { error: vi.fn() };
  const run = vi.fn(() => {
    throw new Error('the disk is full');
  });
  const { pass } = started([modes(run)], log);
  await pass(MINUTE_MS);
  expect(run).toHaveBeenCalledTimes(2);
  expect(log.error).toHaveBeenCalledWith({ job: 'modes', why: 'the disk is full' }, expect.any(String));
});

test('a job that is still running is not started a second time', async () => {
  const endings: (() => void)[] = [];
  const run = vi.fn(() => new Promise<void>((end) => void endings.push(end)));
  const other = vi.fn();
  const { pass } = started([modes(run), { ...modes(other), name: 'other' }]);
  await pass(5 * MINUTE_MS);
  expect([run.mock.calls.length, other.mock.calls.length]).toEqual([1, 6]);
  endings[0]?.();
  await pass(MINUTE_MS);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a time that was missed while the process was busy is caught up on', async () => {
  const run = vi.fn();
  const { clock, pass } = started([daily(run)]);
  // Past four in the morning at once, as after a sleep of the machine.
  clock.jumpWall(20 * HOUR_MS + 10 * MINUTE_MS);
  await pass(MINUTE_MS);
  expect(run).toHaveBeenCalledTimes(2);
});

describe('the wall clock is set', () => {
  test.each<[string, number]>([
    ['back by an hour', -HOUR_MS],
    ['back by a year', -365 * DAY_MS],
    ['forward by an hour', HOUR_MS],
    ['forward by half a century, after a start in 1970', 50 * 365 * DAY_MS],
  ])('%s: every job runs within a minute, once, and goes on each minute', async (_how, ms) => {
    const [run, purge] = [vi.fn(), vi.fn()];
    const { clock, pass } = started([modes(run), daily(purge)]);
    await pass(2 * MINUTE_MS);
    const before = run.mock.calls.length;
    clock.jumpWall(ms);
    await pass(MINUTE_MS);
    expect([run.mock.calls.length - before, purge.mock.calls.length]).toEqual([1, 2]);
    const after = run.mock.calls.length;
    await pass(60 * MINUTE_MS);
    expect(run.mock.calls.length - after).toBe(60);
  });
});

test('a timer that rings a moment too early counts for nothing and is set anew', async () => {
  const run = vi.fn();
  const { clock, pass } = started([modes(run)]);
  await new Promise(setImmediate);
  clock.jumpWall(-5);
  clock.advance(30_000);
  expect(run).toHaveBeenCalledTimes(1);
  clock.advance(5);
  expect(run).toHaveBeenCalledTimes(2);
  await pass(MINUTE_MS);
  expect(run).toHaveBeenCalledTimes(3);
});

test('after the stop no job runs', async () => {
  const run = vi.fn();
  const { pass } = started([modes(run)]);
  jobs?.stop();
  jobs?.stop();
  await pass(10 * MINUTE_MS);
  expect(run).toHaveBeenCalledTimes(1);
});

test('what is no expression is refused at start', () => {
  expect(() => started([{ name: 'a', cron: '61 * * * *', run: vi.fn() }])).toThrow();
});
