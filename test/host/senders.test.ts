import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatagramSender } from '../../src/host/datagram-sender.js';
import type { NoticeSender } from '../../src/host/notice-sender.js';
import { NOTHING_PENDING } from '../../src/host/notify.js';
import { ProgramSender } from '../../src/host/program-sender.js';
import { noticeSenderContract } from '../contract/notice-sender.contract.js';
import { installed } from '../voice/stage.js';
import { openReceiver, type Receiver } from './receiver.js';

const python = installed('python3');

async function direct(socket: string): Promise<NoticeSender> {
  const sender = await openDatagramSender(socket);
  if (typeof sender === 'string') throw new Error(sender);
  return sender;
}

describe.skipIf(!python)('datagrams of this process', () => {
  noticeSenderContract('datagrams of this process', direct);
});

describe.skipIf(!python || !installed('systemd-notify'))('the program systemd-notify', () => {
  noticeSenderContract(
    'the program systemd-notify',
    async (socket) => new ProgramSender({ PATH: process.env['PATH'], NOTIFY_SOCKET: socket }),
  );
});

describe.skipIf(!python)('datagrams to a systemd that hangs', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
  });
  afterEach(() => receiver.close());

  test('are refused once its queue is full, without waiting, and taken again afterwards', async () => {
    const sender = await direct(receiver.socket);
    await receiver.hang();
    const status = (number: number) => ({ ...NOTHING_PENDING, status: `${number}` });
    let sent = 0;
    // The kernel's default queue is of ten, and systemd makes it one of 512.
    while (sent < 10_000 && (await sender.send(status(sent))) === 'sent') sent += 1;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(10_000);
    receiver.goOn();
    await receiver.untilHeard(`STATUS=${sent - 1}`);
    expect(await sender.send({ ...NOTHING_PENDING, watchdog: true })).toBe('sent');
    await receiver.untilHeard('WATCHDOG=1');
    expect(receiver.datagrams()).toHaveLength(sent + 1);
  });
});

describe('datagrams of this process', () => {
  test.each([
    ['an abstract address', '@/org/systemd/notify'],
    ['an address of a virtual machine', 'vsock:2:1234'],
    ['a path that is longer than an address can be', join('/run', 'x'.repeat(103))],
  ])('cannot reach %s, and say so', async (_what, address) => {
    expect(await openDatagramSender(address)).toContain(`NOTIFY_SOCKET is ${address.slice(0, 100)}`);
  });

  test('reach the longest path', async () => {
    expect(await openDatagramSender(join('/run', 'x'.repeat(102)))).not.toBeTypeOf('string');
  });

  test('cannot be had where the package does not load, and say why and what to do', async () => {
    const load = () => Promise.reject(new Error('Could not locate the bindings file. Tried:\n → /a\n → /b'));
    expect(await openDatagramSender('/run/systemd/notify', load)).toBe(
      'the npm package unix-dgram cannot be loaded (scripts/setup compiles it; a package brings it, install it again): Could not locate the bindings file. Tried:',
    );
  });

  test('leave nothing open', async () => {
    const sender = await direct('/run/kaimon-none/notify');
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let sent = 0; sent < 1000; sent++)
      await expect(sender.send({ ...NOTHING_PENDING, watchdog: true })).rejects.toThrow('ENOENT');
    expect(open() - before).toBeLessThan(100);
  });

  test.each([
    ['EAGAIN', -11],
    ['ENOBUFS', -105],
    ['ENOMEM', -12],
  ])(
    'that get %s from the kernel are to be tried again, whether at the socket or at the message',
    async (_code, errno) => {
      const failure = Object.assign(new Error(`send ${errno}`), { errno });
      const socket = {
        send: (...[, , , , done]: [Buffer, number, number, string, (e?: Error) => void]) => done(failure),
        close: () => undefined,
      };
      const throws = () => {
        throw failure;
      };
      for (const createSocket of [() => socket, throws]) {
        const sender = await openDatagramSender('/x', async () => ({ createSocket }));
        expect(typeof sender === 'string' ? sender : await sender.send({ ...NOTHING_PENDING, watchdog: true })).toBe(
          'full',
        );
      }
    },
  );
});
