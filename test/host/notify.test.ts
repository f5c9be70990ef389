import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NOTHING_PENDING, notifyArguments, watchdogIntervalMs } from '../../src/host/notify.js';
import { SystemdNotify, type SystemdNotifyOptions } from '../../src/host/systemd-notify.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { RecordingNotify } from '../support/recording-notify.js';
import { installed } from '../voice/stage.js';

describe('what is sent to systemd', () => {
  test.each([
    ['nothing', {}, []],
    ['ready', { ready: true, status: 'watching' }, ['--ready', '--status=watching']],
    ['a sign of life and the stop', { watchdog: true, stopping: true }, ['WATCHDOG=1', 'STOPPING=1']],
    ['a status that looks like an option', { status: '--help' }, ['--status=--help']],
    ['a status of several lines is one line', { status: 'a\nREADY=1' }, ['--status=a READY=1']],
    ['a very long status is cut', { status: 'x'.repeat(1000) }, [`--status=${'x'.repeat(200)}`]],
  ])('%s', (_what, notice, args) => {
    expect(notifyArguments({ ...NOTHING_PENDING, ...notice })).toEqual(args);
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

describe('the program systemd-notify', () => {
  let folder: string;
  let clock: ManualClock;
  let logged: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaimon-notify-'));
    clock = new ManualClock();
    logged = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const log = { warn: (_fields: unknown, line: string) => logged.push(line) } as unknown as SystemdNotifyOptions['log'];
  const notifyWith = (env: Record<string, string>, program: string) =>
    new SystemdNotify({ env: { PATH: process.env['PATH'], ...env }, clock, log, program });

  /** A program in its place that writes each call down as one line. */
  const stub = (after = ''): string => {
    const path = join(folder, 'stub');
    writeFileSync(path, `#!/bin/sh\necho "$*" >> '${folder}/calls'\n${after}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'calls'), '');
    return path;
  };
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1);

  test('is not started without a service manager', async () => {
    const notify = notifyWith({ WATCHDOG_USEC: '1000000' }, stub());
    notify.ready('watching');
    notify.watchdog();
    await notify.stopping();
    expect(calls()).toEqual([]);
  });

  test('runs once at a time, and what comes meanwhile is sent together', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '1000000' }, stub());
    notify.ready('watching');
    for (let frame = 0; frame < 1000; frame++) {
      notify.status(`frame ${frame}`);
      notify.watchdog();
    }
    await notify.stopping();
    expect(calls()).toEqual(['--ready --status=watching', '--status=frame 999 WATCHDOG=1 STOPPING=1']);
  });

  test('sends a sign of life when it is due, however often the gate gives one', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '4000000' }, stub());
    for (let frame = 0; frame < 40; frame++) {
      notify.watchdog();
      await notify.stopping();
      clock.advance(100);
    }
    // Four seconds: allowed 4 s, due every 2 s, sent every second.
    expect(calls().filter((line) => line.includes('WATCHDOG=1'))).toHaveLength(4);
  });

  test('sends no sign of life where the unit has no watchdog', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x' }, stub());
    notify.watchdog();
    await notify.stopping();
    expect(calls()).toEqual(['STOPPING=1']);
  });

  test.each([
    ['fails', 'exit 1'],
    ['dies', 'kill -9 $$'],
  ])('that %s is logged once and does not stop the gate', async (_how, script) => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x' }, stub(script));
    notify.ready('watching');
    await notify.stopping();
    expect(calls()).toHaveLength(2);
    expect(logged).toEqual([expect.stringContaining('systemd cannot be told')]);
  });

  test('is called by one shell: the gate starts no process for each call', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x' }, stub(`echo $PPID >> '${folder}/callers'`));
    for (const line of ['one', 'two', 'three']) {
      notify.status(line);
      await notify.stopping();
    }
    const callers = readFileSync(join(folder, 'callers'), 'utf8').trim().split('\n');
    expect([callers.length > 1, new Set(callers).size]).toEqual([true, 1]);
    expect(callers[0]).not.toBe(String(process.pid));
  });

  test('whose shell was killed is called by a new one', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x' }, stub('[ -e $0.killed ] || { touch $0.killed; kill -9 $PPID; }'));
    notify.status('lost');
    await notify.stopping();
    notify.status('sent');
    await notify.stopping();
    expect(calls().slice(-2)).toEqual(['--status=sent', 'STOPPING=1']);
    expect(logged).toEqual([expect.stringContaining('its shell ended (SIGKILL)')]);
  });

  test('that is missing is logged once and does not stop the gate', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: '/x' }, join(folder, 'none'));
    notify.ready('watching');
    await notify.stopping();
    expect(logged).toEqual([expect.stringMatching(/none.*not found/)]);
  });

  const real = installed('systemd-notify') && installed('python3');
  test.skipIf(!real)('sends ready, status, sign of life and stop to a real socket', async () => {
    const script = fileURLToPath(new URL('receiver.py', import.meta.url));
    const socket = join(folder, 'socket');
    const receiver = spawn('python3', [script, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const received: string[] = [];
    createInterface(receiver.stdout).on('line', (line) => received.push(JSON.parse(line) as string));
    const until = (line: string) =>
      vi.waitFor(() => expect(received.join('\n').split('\n')).toContain(line), { timeout: 20_000, interval: 5 });
    try {
      await until('listening');
      const notify = notifyWith({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: '1000000' }, 'systemd-notify');
      notify.ready('watching: 2 people');
      notify.status('door open');
      notify.watchdog();
      await notify.stopping();
      await until('STOPPING=1');
    } finally {
      receiver.kill('SIGKILL');
    }
    // The barrier is how systemd-notify waits until it was heard.
    const lines = received
      .flatMap((datagram) => datagram.split('\n'))
      .filter((line) => !['', 'BARRIER=1'].includes(line));
    expect(lines).toEqual([
      'listening',
      'READY=1',
      'STATUS=watching: 2 people',
      'STATUS=door open',
      'WATCHDOG=1',
      'STOPPING=1',
    ]);
    expect(logged).toEqual([]);
  });
});
