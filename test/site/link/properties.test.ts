import fc from 'fast-check';
import { connectAsync } from 'mqtt';
import { generate } from 'mqtt-packet';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Packet } from '../../../src/site/link/link.js';
import { PacketSize, type TooLarge } from '../../../src/site/link/packet-size.js';
import { PROPERTIES_MAX } from '../../../src/site/messages.js';
import { configFor, mqttLink } from '../harness.js';
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
