import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemdNotify, type SystemdNotifyOptions } from '../../src/host/systemd-notify.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { until } from '../site/until.js';
import { installed } from '../voice/stage.js';
import { openReceiver, type Receiver } from './receiver.js';

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
const notifyWith = (env: Record<string, string>, parts: Partial<SystemdNotifyOptions>) =>
  new SystemdNotify({ env: { PATH: process.env['PATH'], ...env }, clock, log, ...parts });

describe.skipIf(!installed('python3'))('systemd is told by this process', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
  });
  afterEach(() => receiver.close());
  const told = () => receiver.datagrams().flatMap((datagram) => datagram.split('\n'));

  test('where no process can be started, as on a machine that cannot fork', async () => {
    const env = { PATH: folder, NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '10000000' };
    const notify = new SystemdNotify({ env, clock, log });
    notify.ready('watching: 2 people');
    await receiver.untilHeard('READY=1');
    for (let second = 0; second < 10; second++) {
      notify.watchdog();
      clock.advance(1000);
    }
    notify.status('door open');
    await notify.stopping();
    await receiver.untilHeard('STOPPING=1');
    expect(told().slice(0, 2)).toEqual(['READY=1', 'STATUS=watching: 2 people']);
    expect(told()).toEqual(expect.arrayContaining(['WATCHDOG=1', 'STATUS=door open']));
    expect(logged).toEqual([]);
  });

  test('each sign of life that is due arrives, without the program', async () => {
    const env = { NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '10000000' };
    const notify = notifyWith(env, { program: join(folder, 'none') });
    for (let sent = 1; sent <= 5; sent++) {
      notify.watchdog();
      await until(`sign ${sent} arrives`, () => told().length === sent);
      clock.advance(2500);
    }
    expect([told(), logged]).toEqual([Array(5).fill('WATCHDOG=1'), []]);
  });

  test('and while it hangs nothing is lost and nothing waits: the newest is sent once it listens again', async () => {
    const env = { NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '10000000' };
    const notify = notifyWith(env, { program: join(folder, 'none') });
    await receiver.hang();
    const turn = () => new Promise((go) => setImmediate(go));
    notify.ready('watching');
    await turn();
    // More than any queue takes; each on its own.
    for (let frame = 0; frame < 2000; frame++) {
      notify.status(`frame ${frame}`);
      await turn();
    }
    notify.watchdog();
    // Stopped and given up, though systemd has not said a word.
    let stopped = false;
    const stopping = notify.stopping().then(() => {
      stopped = true;
    });
    await turn();
    expect(stopped).toBe(false);
    clock.advance(2000);
    await stopping;
    receiver.goOn();
    await receiver.untilHeard('READY=1');
    await until('it is tried again', () => {
      clock.advance(250);
      return told().includes('STOPPING=1');
    });
    expect(told().slice(-3)).toEqual(['STATUS=frame 1999', 'WATCHDOG=1', 'STOPPING=1']);
    expect(logged).toEqual([]);
  });

  test('a systemd that hangs for long is reported once, and told the newest when it is back', async () => {
    const notify = notifyWith({ NOTIFY_SOCKET: receiver.socket }, { program: join(folder, 'none') });
    await receiver.hang();
    const turn = () => new Promise((go) => setImmediate(go));
    for (let round = 0; round < 3; round++) {
      for (let frame = 0; frame < 1000; frame++) {
        notify.status(`frame ${frame}`);
        await turn();
      }
      for (let tries = 0; tries < 30; tries++) {
        clock.advance(250);
        await turn();
      }
    }
    expect(logged).toEqual([expect.stringContaining('its queue is full')]);
    receiver.goOn();
    notify.status('back');
    await until('it is told', () => {
      clock.advance(250);
      return told().at(-1) === 'STATUS=back';
    });
  });
});

describe('where this process cannot send datagrams, the program systemd-notify', () => {
  /** A program in its place that writes each call down as one line. */
  const stub = (after = ''): string => {
    const path = join(folder, 'stub');
    writeFileSync(path, `#!/bin/sh\necho "$*" >> '${folder}/calls'\n${after}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'calls'), '');
    return path;
  };
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1);
  /** Nobody listens there. */
  const nowhere = () => ({ NOTIFY_SOCKET: join(folder, 'socket') });

  test('is not started without a service manager', async () => {
    const notify = notifyWith({ WATCHDOG_USEC: '1000000' }, { program: stub() });
    notify.ready('watching');
    notify.watchdog();
    await notify.stopping();
    expect(calls()).toEqual([]);
  });

  test.each<[string, () => Record<string, string>, Partial<SystemdNotifyOptions>, string]>([
    ['its package does not load', nowhere, { load: () => Promise.reject(new Error('not compiled')) }, 'not compiled'],
    ['the address is abstract', () => ({ NOTIFY_SOCKET: '@kaimon' }), {}, 'NOTIFY_SOCKET is @kaimon'],
    ['nobody listens', nowhere, {}, 'ENOENT'],
  ])('is started: %s, which is logged once', async (_why, env, parts, reason) => {
    const notify = notifyWith(env(), { program: stub(), ...parts });
    notify.ready('watching');
    await until('it is told', () => calls().length === 1);
    notify.status('door open');
    await notify.stopping();
    expect(calls()).toEqual(['--ready --status=watching', '--status=door open STOPPING=1']);
    expect(logged).toEqual([expect.stringContaining(reason)]);
    expect(logged[0]).toContain('by a child process');
  });

  test('runs once at a time, and what comes meanwhile is sent together', async () => {
    const notify = notifyWith({ ...nowhere(), WATCHDOG_USEC: '1000000' }, { program: stub() });
    notify.ready('watching');
    await until('it runs', () => calls().length === 1);
    for (let frame = 0; frame < 1000; frame++) {
      notify.status(`frame ${frame}`);
      notify.watchdog();
    }
    await notify.stopping();
    expect(calls()).toEqual(['--ready --status=watching', '--status=frame 999 WATCHDOG=1 STOPPING=1']);
  });

  test('sends a sign of life when it is due, however often the gate gives one', async () => {
    const notify = notifyWith({ ...nowhere(), WATCHDOG_USEC: '4000000' }, { program: stub() });
    for (let frame = 0; frame < 40; frame++) {
      notify.watchdog();
      await notify.stopping();
      clock.advance(100);
    }
    // Four seconds: allowed 4 s, due every 2 s, sent every second.
    expect(calls().filter((line) => line.includes('WATCHDOG=1'))).toHaveLength(4);
  });

  test('sends no sign of life where the unit has no watchdog', async () => {
    const notify = notifyWith(nowhere(), { program: stub() });
    notify.watchdog();
    await notify.stopping();
    expect(calls()).toEqual(['STOPPING=1']);
  });

  test.each([
    ['fails', 'exit 1'],
    ['dies', 'kill -9 $$'],
  ])(
    'that %s is logged once, does not stop the gate, and what it should have said is said with the next',
    async (_how, script) => {
      const notify = notifyWith(nowhere(), { program: stub(script) });
      notify.ready('watching');
      await until('it failed', () => logged.length === 1);
      await notify.stopping();
      expect(calls()).toEqual(['--ready --status=watching', '--ready --status=watching STOPPING=1']);
      expect(logged).toEqual([expect.stringContaining('systemd cannot be told')]);
    },
  );

  test('that is missing is logged once and does not stop the gate', async () => {
    const notify = notifyWith(nowhere(), { program: join(folder, 'none') });
    notify.ready('watching');
    await notify.stopping();
    expect(logged).toEqual([expect.stringMatching(/systemd cannot be told.*ENOENT.*; spawn .*ENOENT/)]);
  });
});
