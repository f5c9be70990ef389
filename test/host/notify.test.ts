import { describe, expect, test } from 'vitest';
import { mergedNotice, NOTHING_PENDING, noticeLines, watchdogIntervalMs } from '../../src/host/notify.js';
import { programArguments } from '../../src/host/program-sender.js';
import { RecordingNotify } from '../support/recording-notify.js';

describe('what is sent to systemd', () => {
  test.each([
    ['nothing', {}, [], []],
    ['ready', { ready: true, status: 'on' }, ['READY=1', 'STATUS=on'], ['--ready', '--status=on']],
    [
      'life and the stop',
      { watchdog: true, stopping: true },
      ['WATCHDOG=1', 'STOPPING=1'],
      ['WATCHDOG=1', 'STOPPING=1'],
    ],
    ['a status that looks like an option', { status: '--help' }, ['STATUS=--help'], ['--status=--help']],
    ['a status that looks like a message', { status: 'READY=1' }, ['STATUS=READY=1'], ['--status=READY=1']],
    ['a status of several lines is one line', { status: 'a\nREADY=1' }, ['STATUS=a READY=1'], ['--status=a READY=1']],
    [
      'a status with several problems is whole',
      { status: 'x'.repeat(900) },
      [`STATUS=${'x'.repeat(900)}`],
      [`--status=${'x'.repeat(900)}`],
    ],
    [
      'a very long status is cut',
      { status: 'x'.repeat(2000) },
      [`STATUS=${'x'.repeat(1000)}`],
      [`--status=${'x'.repeat(1000)}`],
    ],
  ])('%s', (_what, parts, lines, args) => {
    const notice = { ...NOTHING_PENDING, ...parts };
    expect([noticeLines(notice), programArguments(notice)]).toEqual([lines, args]);
  });

  test('what was not sent yet goes with what comes next; of two statuses the newer counts', () => {
    const older = { ready: true, status: 'old', watchdog: false, stopping: false };
    const newer = { ready: false, status: 'new', watchdog: true, stopping: false };
    expect(mergedNotice(older, newer)).toEqual({ ready: true, status: 'new', watchdog: true, stopping: false });
    expect(mergedNotice(older, { ...newer, status: null }).status).toBe('old');
  });
});

describe('a sign of life is due', () => {
  test.each<[string, Record<string, string>, number | null]>([
    ['at half of what the unit allows', { WATCHDOG_USEC: '20000000' }, 10_000],
    ['for this process', { WATCHDOG_USEC: '20000000', WATCHDOG_PID: '42' }, 10_000],
    ['never for another process', { WATCHDOG_USEC: '20000000', WATCHDOG_PID: '43' }, null],
    ['never without a watchdog', {}, null],
    ['never with a watchdog of zero', { WATCHDOG_USEC: '0' }, null],
    ['never with a watchdog that is not a number', { WATCHDOG_USEC: '2s' }, null],
  ])('%s', (_when, env, ms) => expect(watchdogIntervalMs(env, 42)).toBe(ms));
});

test('the recording Notify of the tests remembers what was sent', async () => {
  const notify = new RecordingNotify();
  notify.ready('watching');
  notify.status('door open');
  notify.watchdog();
  await notify.stopping();
  expect(notify.sent).toEqual(['ready: watching', 'status: door open', 'watchdog', 'stopping']);
});
