import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link, Packet, Will } from '../../src/site/link/link.js';

/** A broker, and links to it that can be broken. Every wait has a limit, so that a failed test does not hang. */
export interface LinkRig {
  /** Not started yet. */
  link(name: string, will?: Will): Link;
  /** Breaks the connection of a link from outside, without a goodbye; the link may come back. */
  cut(link: Link): void;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  close(): Promise<void>;
}

export interface LinkRigKind {
  /** Properties and the retain flag as published exist with MQTT 5 only. */
  readonly protocol5: boolean;
  make(): Promise<LinkRig>;
}

/** Resolves once `link` is up; call before `start` or a cut. */
export const nextUp = (link: Link): Promise<void> =>
  new Promise((resolve) => {
    const unlisten = link.onUp(() => {
      unlisten();
      resolve();
    });
  });

export const nextDown = (link: Link): Promise<string> =>
  new Promise((resolve) => {
    const unlisten = link.onDown((why) => {
      unlisten();
      resolve(why);
    });
  });

/** Resolves with the next packet that fits. */
export const nextPacket = (link: Link, fits: (packet: Packet) => boolean = () => true): Promise<Packet> =>
  new Promise((resolve) => {
    const unlisten = link.onMessage((packet) => {
      if (!fits(packet)) return;
      unlisten();
      resolve(packet);
    });
  });

export const textOf = (packet: Packet): string => Buffer.from(packet.payload).toString('utf8');

const once = { retain: false, qos: 1 } as const;
const kept = { retain: true, qos: 1 } as const;

/** What every Link, real or simulated, does. */
export function linkContract(name: string, kind: LinkRigKind): void {
  describe(name, () => {
    let rig: LinkRig;
    const with5 = (title: string, body: () => Promise<void>) => {
      if (kind.protocol5) test(title, body);
    };

    const started = async (id: string, will?: Will): Promise<Link> => {
      const link = rig.link(id, will);
      const up = nextUp(link);
      link.start();
      await up;
      return link;
    };

    beforeEach(async () => {
      rig = await kind.make();
    });
    afterEach(() => rig.close());

    test('a message reaches a subscriber, by its topic and by a wildcard', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t/one', 't/+/deep']);
      const first = nextPacket(b);
      await a.publish('t/one', 'hello', once);
      expect(await first).toMatchObject({ topic: 't/one', retain: false });
      const second = nextPacket(b);
      await a.publish('t/x/elsewhere', 'no', once);
      await a.publish('t/x/deep', 'yes', once);
      expect(textOf(await second)).toBe('yes');
    });

    test('a retained message reaches a later subscriber, marked as retained; an empty one clears it', async () => {
      const a = await started('a');
      await a.publish('kept/1', 'one', kept);
      await a.publish('kept/2', 'two', kept);
      await a.publish('kept/1', '', kept);
      const b = await started('b');
      const received = nextPacket(b);
      await b.subscribe(['kept/+']);
      expect(await received).toMatchObject({ topic: 'kept/2', retain: true });
    });

    test('messages on one topic arrive in the order in which they were sent', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['row']);
      const received: string[] = [];
      const all = nextPacket(b, (packet) => received.push(textOf(packet)) === 50);
      await Promise.all(Array.from({ length: 50 }, (_, i) => a.publish('row', String(i), once)));
      await all;
      expect(received).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    });

    test('the will is sent when the connection breaks, and not after a regular end', async () => {
      const watcher = await started('watcher');
      await watcher.subscribe(['will/+']);
      const polite = await started('polite', { topic: 'will/polite', payload: 'gone' });
      const broken = await started('broken', { topic: 'will/broken', payload: 'gone' });
      const will = nextPacket(watcher);
      await polite.end();
      rig.cut(broken);
      expect(await will).toMatchObject({ topic: 'will/broken' });
    });

    test('a broken connection comes back by itself', async () => {
      const a = await started('a');
      const [down, up] = [nextDown(a), nextUp(a)];
      rig.cut(a);
      await down;
      // The simulated link is started again by the test; the real one reconnects by itself.
      await rig.startBroker();
      await up;
      await a.publish('t', 'again', once);
    });

    test('a message published while the broker is away is sent once it is back', async () => {
      const a = await started('a');
      const down = nextDown(a);
      await rig.stopBroker();
      await down;
      expect(a.up).toBe(false);
      const up = nextUp(a);
      const waiting = a.publish('t', 'later', once);
      await rig.startBroker();
      await Promise.all([up, waiting]);
    });

    test('a message that was on its way when the connection broke is sent again', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t']);
      const received = nextPacket(b);
      const onItsWay = a.publish('t', 'x', once);
      rig.cut(a);
      await rig.startBroker();
      await onItsWay;
      expect(textOf(await received)).toBe('x');
    });

    test('the queue of waiting publishes is limited', async () => {
      const a = rig.link('a');
      const all = Array.from({ length: 200 }, () =>
        a.publish('t', 'x', once).then(
          () => 'sent',
          (error) => error.code,
        ),
      );
      await a.end();
      const ends = await Promise.all(all);
      expect(ends.filter((end) => end === 'KAIMON_MQTT_ENDED')).toHaveLength(128);
      expect(ends.filter((end) => end === 'KAIMON_MQTT_FULL')).toHaveLength(72);
    });

    test('a subscription while the broker is away is refused, not silently lost', async () => {
      const a = rig.link('a');
      await expect(a.subscribe(['t'])).rejects.toMatchObject({ code: 'KAIMON_MQTT_DOWN' });
    });

    test('after the end nothing is sent and no listener is called', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t']);
      let calls = 0;
      b.onMessage(() => calls++);
      b.onDown(() => calls++);
      await b.end();
      await b.end();
      await a.publish('t', 'x', once);
      await expect(b.publish('t', 'x', once)).rejects.toMatchObject({ code: 'KAIMON_MQTT_ENDED' });
      expect(calls).toBe(0);
    });

    test('a listener that throws does not keep messages from the others', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t']);
      b.onMessage(() => {
        throw new Error('a defect');
      });
      const received = nextPacket(b);
      await a.publish('t', 'x', once);
      expect(textOf(await received)).toBe('x');
    });

    test('a topic that was unsubscribed delivers nothing any more', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t/+']);
      await b.unsubscribe(['t/+']);
      await b.subscribe(['u']);
      const received = nextPacket(b);
      await a.publish('t/1', 'x', once);
      await a.publish('u', 'y', once);
      expect((await received).topic).toBe('u');
    });

    with5('response topic, correlation data and properties arrive', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t']);
      const received = nextPacket(b);
      await a.publish('t', 'x', {
        ...once,
        responseTopic: 'answer/here',
        correlationData: Buffer.from([1, 2]),
        properties: { name: 'Ada' },
      });
      const packet = await received;
      expect(packet).toMatchObject({ responseTopic: 'answer/here', properties: { name: 'Ada' } });
      expect([...(packet.correlationData ?? [])]).toEqual([1, 2]);
    });

    with5('a message sent with retain is known as such also by who was listening', async () => {
      const [a, b] = [await started('a'), await started('b')];
      await b.subscribe(['t']);
      const received = nextPacket(b);
      await a.publish('t', 'x', kept);
      expect((await received).retain).toBe(true);
    });
  });
}
