import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { generate } from 'mqtt-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestText } from '../../../src/keys/signed-text.js';
import { newSigningKey } from '../../../src/keys/signing-key.js';
import { monotonicMs } from '../../../src/kit/clock.js';
import { ManualClock } from '../../../src/kit/manual-clock.js';
import type { Packet } from '../../../src/site/link/link.js';
import { LOWERED_MS, Lowered } from '../../../src/site/link/lowered.js';
import { PacketSize, type TooLarge } from '../../../src/site/link/packet-size.js';
import { PROPERTIES_MAX } from '../../../src/site/messages.js';
import { topicsOf } from '../../../src/site/topics.js';
import { listOf, siteKeysOf, trusted } from '../../keys/sample.js';
import { configFor, gateOver, mqttLink } from '../harness.js';
import { type Mosquitto, startMosquitto } from '../mosquitto.js';
import { until } from '../until.js';

/** So many user properties of eight bytes each. */
const properties = (count: number) => ({
  userProperties: Object.fromEntries(Array.from({ length: count }, (_, i) => [i.toString(36).padStart(3, '0'), ''])),
});
const publish = (count: number, qos: 0 | 1, topic: string, payload: Buffer): Buffer =>
  generate(
    { cmd: 'publish', topic, payload, qos, messageId: 7, dup: false, retain: false, properties: properties(count) },
    { protocolVersion: 5 },
  );

let mosquitto: Mosquitto;
beforeEach(async () => {
  mosquitto = await startMosquitto();
});
afterEach(() => mosquitto.stop());

test('properties that would take long to read are found, however the bytes are cut into pieces', () => {
  const message = fc.record({
    count: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1_900, max: 2_300 })),
    qos: fc.constantFrom<0 | 1>(0, 1),
    topic: fc.stringMatching(/^[a-z]{1,300}$/),
    payload: fc.integer({ min: 0, max: 70_000 }).map((size) => Buffer.alloc(size, 0xff)),
  });
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 5_000 }), (sent, cut) => {
      const bytes = Buffer.concat(sent.map(({ count, qos, topic, payload }) => publish(count, qos, topic, payload)));
      const watch = new PacketSize(1e6, 5);
      let found: TooLarge | undefined;
      for (let at = 0; at < bytes.length && found === undefined; at += cut)
        found = watch.feed(bytes.subarray(at, at + cut));
      if (found?.what === 'properties') expect(sent.map(({ topic }) => topic.slice(0, 120))).toContain(found.topic);
      expect(found?.what).toBe(sent.some(({ count }) => 8 * count > PROPERTIES_MAX) ? 'properties' : undefined);
    }),
    { numRuns: 50 },
  );
});

test('a message that waits at the broker with very many properties is not read, and the link goes on without properties', async () => {
  const attacker = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  const waiting = { qos: 1 as const, retain: true, properties: properties(20_000) };
  await attacker.publishAsync('kaimon/home/people/eve', '{}', waiting);
  const link = mqttLink(configFor(mosquitto.url), 'north');
  const heard: Packet[] = [];
  link.onMessage((packet) => heard.push(packet));
  link.onUp(() => void link.subscribe(['kaimon/home/people/+']).catch(() => undefined));
  link.start();
  await until('the message is heard', () => heard.length > 0);
  expect(link.version).toBe(4);
  expect(heard[0]?.properties).toBeUndefined();
  expect(link.up).toBe(true);
  await link.end();
  await attacker.endAsync();
});

test('a gate that was pushed to 3.1.1 says so, obeys only what is signed there, once, and comes back to 5', async () => {
  const clock = new ManualClock(Date.now());
  const [own, guard] = [newSigningKey().key, newSigningKey().key];
  const list = listOf([trusted('north', own, ['gate']), trusted('guard', guard, ['open'])], { serial: 1 });
  const topics = topicsOf({ site: 'home', gate: 'north' });
  const link = mqttLink(configFor(mosquitto.url), 'north', clock);
  const gate = gateOver(link, 'north', {}, undefined, clock, { keys: siteKeysOf(list, own) });
  /** What is to come of real packets comes, and the link's pauses pass. */
  const soon = (what: string, holds: () => boolean) =>
    until(what, () => {
      clock.advance(20);
      return holds();
    });
  await soon('the gate is connected', () => gate.site.connected);
  expect(link.version).toBe(5);
  const attacker = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  const codes: string[] = [];
  attacker.on('message', (_topic, payload) => {
    const { ok, error } = JSON.parse(payload.toString()) as { ok: boolean; error?: { code: string } };
    codes.push(ok ? 'done' : String(error?.code));
  });
  await attacker.subscribeAsync(`${topics.response('+')}`, { qos: 1 });
  const request = topics.request('open');
  const flood = { qos: 1 as const, properties: properties(20_000) };
  await attacker.publishAsync(request, 'x', flood);
  const problem = () => gate.site.problems.find((text) => text.startsWith('broker-lowered'));
  await soon('3.1.1 is spoken', () => problem() !== undefined);
  expect(problem()).toMatch(
    /a message on kaimon\/home\/gates\/north\/request\/open with properties.* 3\.1\.1 for 10 minutes/,
  );

  const now = clock.wall();
  const iso = (ms: number) => new Date(now + ms).toISOString();
  const ask = { v: 1, id: randomUUID(), time: iso(0), expires: iso(60_000), by: 'x', args: {}, key: guard.id };
  const signature = guard.sign(requestText({ site: 'home', gate: 'north', verb: 'open' }, ask));
  const signed = JSON.stringify({ ...ask, signature });
  let asked = 0;
  await soon('it listens', () => {
    // What is sent while the gate is away is lost.
    if (asked++ % 10 === 0) void attacker.publishAsync(request, JSON.stringify({ ...ask, key: undefined }), { qos: 1 });
    return codes.length > 0;
  });
  expect(new Set(codes)).toEqual(new Set(['unsigned']));
  await attacker.publishAsync(request, signed, { qos: 1 });
  await soon('it was done', () => codes.includes('done'));
  await attacker.publishAsync(request, signed, { qos: 1, retain: true });
  await soon('it was not done again', () => codes.includes('replayed'));
  await attacker.publishAsync(request, '', { qos: 1, retain: true });
  expect(gate.calls.map(({ verb }) => verb)).toEqual(['open']);

  const until5 = clock.monotonic() + LOWERED_MS;
  await until('5 is spoken again', () => {
    clock.advance(1_000);
    return link.version === 5 && gate.site.connected;
  });
  expect(clock.monotonic()).toBeLessThan(until5 + 60_000);
  expect(problem()).toBeDefined();
  await until('5 was spoken for a minute', () => {
    clock.advance(1_000);
    return problem() === undefined;
  });
  await attacker.publishAsync(request, 'x', flood);
  await soon('3.1.1 is spoken again', () => problem() !== undefined);
  expect(problem()).toMatch(/3\.1\.1 for 20 minutes/);
  gate.site.stop();
  const ending = link.end();
  clock.advance(2_000);
  await ending;
  await attacker.endAsync();
}, 60_000);

test('each time 3.1.1 is spoken for longer, up to six hours, and after as long a time with 5 as the first time', () => {
  const lowered = new Lowered();
  const at = (minutes: number) => monotonicMs(minutes * 60_000);
  const minutes = (now: number) => lowered.lower('why', at(now)) / 60_000;
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(minutes)).toEqual([10, 20, 40, 80, 160, 320, 360, 360]);
  lowered.raised(at(1_000));
  expect(minutes(1_359)).toBe(360);
  lowered.raised(at(2_000));
  expect(minutes(2_360)).toBe(10);
});
