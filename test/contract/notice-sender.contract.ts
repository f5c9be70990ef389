import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NoticeSender } from '../../src/host/notice-sender.js';
import { NOTHING_PENDING, type PendingNotice } from '../../src/host/notify.js';
import { openReceiver, type Receiver } from '../host/receiver.js';

/** Every way to systemd passes these, against a real socket. */
export function noticeSenderContract(name: string, make: (socket: string) => Promise<NoticeSender>): void {
  describe(`every way to systemd: ${name}`, () => {
    let receiver: Receiver;
    beforeEach(async () => {
      receiver = await openReceiver();
    });
    afterEach(() => receiver.close());
    const notice = (parts: Partial<PendingNotice>): PendingNotice => ({ ...NOTHING_PENDING, ...parts });

    test('each notice arrives as one datagram, in order', async () => {
      const sender = await make(receiver.socket);
      for (const parts of [
        { ready: true, status: 'watching: 2 people' },
        { status: '--ready 歡迎' },
        { watchdog: true },
        { status: 'READY=1' },
        { watchdog: true, stopping: true },
      ])
        expect(await sender.send(notice(parts))).toBe('sent');
      await receiver.untilHeard('STOPPING=1');
      expect(receiver.datagrams().map((datagram) => datagram.trimEnd())).toEqual([
        'READY=1\nSTATUS=watching: 2 people',
        'STATUS=--ready 歡迎',
        'WATCHDOG=1',
        'STATUS=READY=1',
        'WATCHDOG=1\nSTOPPING=1',
      ]);
    });

    test('where nobody listens it says so, and it works as soon as somebody does', async () => {
      const gone = await make(`${receiver.socket}-none`);
      await expect(gone.send(notice({ watchdog: true }))).rejects.toThrow(/\S/);
      const here = await make(receiver.socket);
      expect(await here.send(notice({ watchdog: true }))).toBe('sent');
      await receiver.untilHeard('WATCHDOG=1');
    });
  });
}
