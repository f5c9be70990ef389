import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Jobs, startJobs } from '../../src/host/jobs.js';
import { silentLog } from '../../src/kit/log.js';

let jobs: Jobs | undefined;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 5, 1, 8, 0, 30) });
});
afterEach(() => {
  jobs?.stop();
  vi.useRealTimers();
});

test('a job runs at the start, because something may have been missed, and then at each of its times', async () => {
  const run = vi.fn();
  jobs = startJobs([{ name: 'modes', cron: '* * * * *', run }], 'Europe/Berlin', silentLog);
  expect(run).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(3 * 60_000);
  expect(run).toHaveBeenCalledTimes(4);
});

test('a job that fails is logged and called again', async () => {
  const log = { error: vi.fn(), warn: vi.fn(), debug: vi.fn() };
  const run = vi.fn(() => {
    throw new Error('the disk is full');
  });
  jobs = startJobs([{ name: 'modes', cron: '* * * * *', run }], 'UTC', log);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(run).toHaveBeenCalledTimes(2);
  expect(log.error).toHaveBeenCalledWith({ job: 'modes', why: 'the disk is full' }, expect.any(String));
});

test('a job that is still running is not started a second time', async () => {
  const endings: (() => void)[] = [];
  const run = vi.fn(() => new Promise<void>((end) => void endings.push(end)));
  jobs = startJobs([{ name: 'modes', cron: '* * * * *', run }], 'UTC', silentLog);
  await vi.advanceTimersByTimeAsync(5 * 60_000);
  expect(run).toHaveBeenCalledTimes(1);
  endings[0]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(run).toHaveBeenCalledTimes(2);
});

test('a time that was missed while the process was busy is caught up on', async () => {
  const run = vi.fn();
  jobs = startJobs([{ name: 'purge', cron: '0 4 * * *', run }], 'UTC', silentLog);
  expect(run).toHaveBeenCalledTimes(1);
  // The clock is past four in the morning before the timer rings: node-cron calls this missed.
  vi.setSystemTime(Date.UTC(2026, 5, 2, 4, 10));
  await vi.advanceTimersByTimeAsync(21 * 3_600_000);
  expect(run.mock.calls.length).toBeGreaterThanOrEqual(2);
});

test('after the stop no job runs', async () => {
  const run = vi.fn();
  jobs = startJobs([{ name: 'modes', cron: '* * * * *', run }], 'UTC', silentLog);
  jobs.stop();
  jobs.stop();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(run).toHaveBeenCalledTimes(1);
});

test('an unknown time zone is refused at start', () => {
  expect(() => startJobs([{ name: 'a', cron: '* * * * *', run: vi.fn() }], 'Europe/Atlantis', silentLog)).toThrow();
});
