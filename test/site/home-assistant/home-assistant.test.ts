import { describe, expect, test, vi } from 'vitest';
import { OperatingError } from '../../../src/kit/errors.js';
import { silentLog } from '../../../src/kit/log.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { QUIET_MS } from '../../../src/site/home-assistant/command.js';
import { CommandServer } from '../../../src/site/home-assistant/command-server.js';
import { discoveryMessage } from '../../../src/site/home-assistant/discovery.js';
import { homeAssistantTopics } from '../../../src/site/home-assistant/topics.js';
import type { Link, Packet } from '../../../src/site/link/link.js';
import { MemoryBroker } from '../../support/memory-link.js';
import { command, facts, notingDoor, open, shownOver, shy } from './harness.js';

const topics = homeAssistantTopics(open.device);
const once = { retain: false, qos: 1 } as const;
/** All that is due on later turns of the event loop. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A gate at a simulated broker, with somebody who listens to everything. */
async function connected(changes: Parameters<typeof shownOver>[2] = {}, wrap = (link: Link): Link => link) {
  const clock = new ManualClock();
  const broker = new MemoryBroker(clock);
  const watcher = broker.link();
  const received: Packet[] = [];
  watcher.onMessage((packet) => received.push(packet));
  watcher.start();
  await settle();
  await watcher.subscribe(['#']);
  const link = broker.link();
  const made = shownOver(wrap(link), clock, changes);
  link.start();
  await settle();
  const say = async (topic: string, payload: string, options: { retain: boolean; qos: 1 } = once) => {
    await watcher.publish(topic, payload, options);
    await settle();
  };
  const on = (topic: string): unknown[] =>
    received
      .filter((packet) => packet.topic === topic && packet.payload.byteLength > 0)
      .map(({ payload }) => JSON.parse(Buffer.from(payload).toString()));
  const listening = async () => {
    clock.advance(QUIET_MS);
    await settle();
  };
  return { clock, broker, link, received, say, on, listening, ...made };
}

describe('a gate shows itself', () => {
  test('at each connection, with its state, both retained', async () => {
    const { on, link, received } = await connected();
    expect(on(topics.config)).toEqual([discoveryMessage(open)]);
    expect(on(topics.state)).toMatchObject([{ lock: 'LOCKED' }]);
    expect(received.every(({ topic, retain }) => retain === [topics.config, topics.state].includes(topic))).toBe(true);
    link.lose('the cable');
    link.find();
    await settle();
    expect(on(topics.config)).toHaveLength(2);
    expect(on(topics.state)).toHaveLength(2);
  });

  test('again when Home Assistant starts: later than at once, and once however often it says so', async () => {
    const { on, say, clock } = await connected();
    clock.advance(60_000);
    for (let i = 0; i < 50; i++) await say('homeassistant/status', 'online');
    await say('homeassistant/status', 'offline');
    expect(on(topics.config)).toHaveLength(1);
    clock.advance(4_999);
    await settle();
    expect(on(topics.config)).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(on(topics.config)).toHaveLength(2);
    const states = on(topics.state).length;
    for (let i = 0; i < 50; i++) await say('homeassistant/status', 'online');
    clock.advance(9_999);
    await settle();
    expect([on(topics.config).length, on(topics.state).length]).toEqual([2, states]);
    clock.advance(5_001);
    await settle();
    expect([on(topics.config).length, on(topics.state).length]).toEqual([3, states + 1]);
  });

  test('and says in its state when the broker refuses that; it tries again ever more seldom', async () => {
    const refused = new OperatingError('KAIMON_MQTT_REFUSED', 'not authorized');
    let tries = 0;
    let denied = true;
    const publish = (link: Link) => (topic: string, payload: string, options: typeof once) => {
      if (topic === topics.config) tries++;
      return topic === topics.config && denied ? Promise.reject(refused) : link.publish(topic, payload, options);
    };
    const { warnings, clock, on } = await connected(
      {},
      (link) =>
        new Proxy(link, {
          get: (target, key) => {
            if (key === 'publish') return publish(target);
            const found: unknown = Reflect.get(target, key);
            return typeof found === 'function' ? found.bind(target) : found;
          },
        }),
    );
    expect(warnings.at(-1)).toEqual([
      expect.stringMatching(
        /^home-assistant: the broker does not take homeassistant\/device\/kaimon-home\/north\/config: .*not authorized/,
      ),
    ]);
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000);
      await settle();
    }
    expect(tries).toBeLessThan(40);
    denied = false;
    for (let step = 0; step < 60; step++) {
      clock.advance(5_000);
      await settle();
    }
    expect(warnings.at(-1)).toEqual([]);
    expect(on(topics.config)).toHaveLength(1);
  });

  test('and no more after its end', async () => {
    const { shown, say, clock, on, received } = await connected();
    shown.stop();
    const before = received.length;
    shown.heard('granted', { person: 'p-1' });
    await say('homeassistant/status', 'online');
    clock.advance(120_000);
    await settle();
    expect(received.slice(before).map(({ topic }) => topic)).toEqual(['homeassistant/status']);
    expect(on(topics.config)).toHaveLength(1);
  });
});

describe('what happens is told', () => {
  test('at most twice a second, and only what has changed', async () => {
    let people = 3;
    const { shown, clock, on } = await connected({ facts: () => ({ ...facts, people }) });
    for (let i = 0; i < 100; i++) {
      people++;
      shown.refresh();
      shown.refresh();
    }
    await settle();
    clock.advance(500);
    await settle();
    expect(on(topics.state).map((state) => (state as { people: number }).people)).toEqual([3, 103]);
  });

  test('without persons where that is not asked for', async () => {
    const { shown, received, clock } = await connected({ options: { ...open, names: false } });
    shown.heard('granted', { reason: null, person: 'p-1', name: 'Ada' });
    shown.heard('spoof', { person: 'p-1', name: 'Ada' });
    await settle();
    clock.advance(30_000);
    await settle();
    expect(received.map(({ topic }) => topic)).toContain(topics.access);
    expect(received.map(({ payload }) => Buffer.from(payload).toString()).join('\n')).not.toMatch(/Ada|p-1/);
  });

  test('with the last person where it is', async () => {
    const { shown, on, clock } = await connected();
    shown.heard('granted', { reason: null, person: 'p-1', name: 'Ada' });
    shown.heard('refused', { reason: 'nobody', person: null, name: null });
    clock.advance(500);
    await settle();
    expect(on(topics.access)).toMatchObject([
      { event_type: 'granted', person: 'p-1', name: 'Ada' },
      { event_type: 'refused', reason: 'nobody' },
    ]);
    expect(on(topics.state).at(-1)).toMatchObject({ person: 'Ada', person_more: { person: 'p-1', let: 'in' } });
  });

  test('not later: what happens while the broker is away is no event of Home Assistant when it is back', async () => {
    const { shown, link, on } = await connected();
    link.lose('the cable');
    shown.heard('granted', { person: null });
    link.find();
    await settle();
    expect(on(topics.access)).toEqual([]);
  });

  test('with the camera’s rate, twice a minute', async () => {
    let frame = { frame: 0, takenMs: 0 };
    const { clock, on } = await connected({ newestFrame: () => frame });
    clock.advance(30_000);
    frame = { frame: 375, takenMs: 30_000 };
    clock.advance(30_000);
    await settle();
    expect(on(topics.state).at(-1)).toMatchObject({ fps: 12.5 });
  });
});

test('whatever is sent on the topics that a gate hears, it shows itself no more often, and does nothing at its door', async () => {
  const noted = notingDoor();
  const { on, link, broker, listening, clock } = await connected({ door: noted });
  await listening();
  clock.advance(60_000);
  await settle();
  const random = seeded(7);
  const words = ['online', 'OPEN', '{"command":"OPEN","at":', '{"command":', '[[[[', '"at"', '1e9', '}', '\u0000', 'é'];
  for (let i = 0; i < 3_000; i++) {
    const text = Array.from(
      { length: Math.floor(random() * 6) },
      () => words[Math.floor(random() * words.length)],
    ).join('');
    const payload = random() < 0.5 ? Buffer.from(text) : Buffer.from(Array.from({ length: 40 }, () => random() * 256));
    for (const topic of ['homeassistant/status', topics.command])
      broker.route({ topic, payload, retain: random() < 0.1 });
    if (i % 100 === 0) await settle();
  }
  await settle();
  clock.advance(9_000);
  await settle();
  expect(link.up).toBe(true);
  expect(noted.orders).toEqual([]);
  expect(on(topics.config).length).toBeLessThanOrEqual(2);
});

describe('a picture', () => {
  test('is sent now and then, never retained, and without its faces where only that is asked for', async () => {
    const asked: boolean[] = [];
    const { clock, received } = await connected({
      picture: async (redact) => {
        asked.push(redact);
        return Buffer.from([0xff, 0xd8, 0xff]);
      },
    });
    for (let i = 0; i < 3; i++) {
      clock.advance(30_000);
      await settle();
    }
    const pictures = received.filter(({ topic }) => topic === topics.picture);
    expect(pictures.map(({ retain }) => retain)).toEqual([false, false, false]);
    expect(asked).toEqual([true, true, true]);
  });

  test('is not even taken where it is not asked for, or nothing is seen', async () => {
    const picture = vi.fn(async () => undefined);
    const one = await connected({ picture, options: shy });
    const other = await connected({ picture, facts: () => ({ ...facts, sees: false }) });
    for (const { clock } of [one, other]) clock.advance(300_000);
    await settle();
    expect(picture).not.toHaveBeenCalled();
  });

  test('can be asked for, once in two seconds', async () => {
    const { say, listening, clock, received } = await connected();
    await listening();
    for (let i = 0; i < 5; i++)
      await say(topics.command, command('PICTURE', clock, { at: clock.wall() / 1000 + i / 1000 }));
    expect(received.filter(({ topic }) => topic === topics.picture)).toHaveLength(1);
  });
});

describe('a command', () => {
  const door = () => notingDoor();

  test('is done as from "home-assistant", and its end is told', async () => {
    const noted = door();
    const { say, listening, clock, on } = await connected({ door: noted });
    await listening();
    for (const word of ['OPEN', 'LOCK', 'UNLOCK']) await say(topics.command, command(word, clock));
    expect(noted.orders).toEqual(['open by home-assistant', 'lock by home-assistant', 'open-house by home-assistant']);
    expect(on(topics.result)).toMatchObject(
      ['open', 'lock', 'unlock'].map((done) => ({ event_type: 'done', command: done })),
    );
  });

  test('that is retained, that waited, or that comes again does nothing, also after a reconnect', async () => {
    const noted = door();
    const { say, listening, clock, link, on } = await connected({ door: noted });
    await say(topics.command, command('OPEN', clock));
    expect(on(topics.result)).toMatchObject([{ event_type: 'refused', code: 'expired' }]);
    await listening();
    const good = command('OPEN', clock);
    await say(topics.command, good);
    expect(noted.orders).toHaveLength(1);
    await say(topics.command, good);
    await say(topics.command, command('OPEN', clock, { at: clock.wall() / 1000 + 1 }), { retain: true, qos: 1 });
    link.lose('the cable');
    link.find();
    await settle();
    await say(topics.command, command('OPEN', clock, { at: clock.wall() / 1000 + 2 }));
    await listening();
    await say(topics.command, good);
    expect(noted.orders).toHaveLength(1);
    const codes = on(topics.result).map((result) => (result as { code?: string }).code);
    expect(codes).toEqual(['expired', undefined, 'replayed', 'retained', 'retained', 'expired', 'replayed']);
  });

  test('between two connections does nothing', () => {
    const clock = new ManualClock();
    const told: object[] = [];
    const noted = door();
    const server = new CommandServer({
      clock,
      log: silentLog,
      trustedClock: { trusted: true, confirmedMs: null },
      offered: ['open'],
      door: noted,
      takePicture: () => undefined,
      signedOnly: false,
      tell: (result) => told.push(result),
    });
    server.listening();
    clock.advance(60_000);
    server.down();
    server.receive({ payload: Buffer.from(command('OPEN', clock)), retain: false });
    expect([noted.orders, told]).toEqual([[], [expect.objectContaining({ code: 'expired' })]]);
  });

  test('is not heard where none is offered', async () => {
    const noted = door();
    const { say, clock, on } = await connected({ door: noted, options: shy });
    clock.advance(60_000);
    await say(topics.command, command('OPEN', clock));
    expect([noted.orders, on(topics.result)]).toEqual([[], []]);
  });

  test('is refused where the site has keys', async () => {
    const noted = door();
    const { say, listening, clock, on } = await connected({ door: noted, signedOnly: true });
    await listening();
    await say(topics.command, command('OPEN', clock));
    expect(noted.orders).toEqual([]);
    expect(on(topics.result)).toMatchObject([{ event_type: 'refused', command: 'open', code: 'unsigned' }]);
  });

  test('undoes no lockdown', async () => {
    const noted = notingDoor('locked');
    const { say, listening, clock, on } = await connected({ door: noted });
    await listening();
    for (const word of ['UNLOCK', 'OPEN']) await say(topics.command, command(word, clock));
    expect(noted.orders).toEqual(['open by home-assistant']);
    expect(on(topics.result)).toMatchObject([{ code: 'door-mode' }, { code: 'door-mode' }]);
  });

  test('that the disk does not take is done, and says so', async () => {
    const failing = notingDoor('normal', () => Promise.reject(new Error('disk full')));
    const { say, listening, clock, on } = await connected({ door: failing });
    await listening();
    await say(topics.command, command('LOCK', clock));
    expect(on(topics.result)).toMatchObject([{ event_type: 'done', command: 'lock', code: 'not-saved' }]);
  });

  test('of nonsense is answered twenty times a minute, and no more', async () => {
    const { say, listening, on } = await connected();
    await listening();
    for (let i = 0; i < 100; i++) await say(topics.command, `rubbish ${i}`);
    expect(on(topics.result)).toHaveLength(20);
  });
});
