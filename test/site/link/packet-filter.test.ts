import fc from 'fast-check';
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { type Oversized, PacketFilter, STAND_IN } from '../../../src/site/link/packet-filter.js';
import { CONTROL_MAX, PACKET_MAX, PROPERTIES_MAX } from '../../../src/site/messages.js';

type Version = 4 | 5;
const version = fc.constantFrom<Version>(4, 5);
/** So that the tests need not make megabytes. */
const MAX = 20_000;

/** So many bytes of user properties: `count` of eight each. */
const properties = (count: number) => ({
  userProperties: Object.fromEntries(Array.from({ length: count }, (_, i) => [i.toString(36).padStart(3, '0'), ''])),
});

interface Sent {
  readonly count: number;
  readonly qos: 0 | 1 | 2;
  readonly id: number;
  readonly topic: string;
  readonly payload: number;
}

const sent = (payload: fc.Arbitrary<number>, count: fc.Arbitrary<number>): fc.Arbitrary<Sent> =>
  fc.record({
    count,
    qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
    id: fc.integer({ min: 1, max: 65_535 }),
    topic: fc.oneof(fc.stringMatching(/^[a-z]{1,300}$/), fc.constant('t'.repeat(2_000))),
    payload,
  });
const withinBounds = sent(
  fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 10_000 })),
  fc.integer({ min: 0, max: 500 }),
);
const any = sent(
  fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40_000 })),
  fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1_900, max: 2_300 })),
);

const wire = ({ count, qos, id, topic, payload }: Sent, protocolVersion: Version): Buffer =>
  generate(
    {
      cmd: 'publish',
      topic,
      payload: Buffer.alloc(payload, 0xff),
      qos,
      messageId: id,
      dup: false,
      retain: false,
      ...(protocolVersion === 5 && count > 0 ? { properties: properties(count) } : {}),
    },
    { protocolVersion },
  );
const control = (kind: number, v: Version): Buffer =>
  [
    Buffer.from(v === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]),
    Buffer.from([0xd0, 0]),
    Buffer.from([0x40, 2, 0, 7]),
    Buffer.concat([Buffer.from([0x90, 0xf6, 0x03, 0, 7]), Buffer.alloc(500, 1)]),
  ][kind] ?? Buffer.alloc(0);

/** In pieces of these lengths, in turn. */
function feed(filter: PacketFilter, bytes: Buffer, cuts: readonly number[]) {
  const passed: Uint8Array[] = [];
  const oversized: Oversized[] = [];
  let broken: string | undefined;
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const cut = cuts[i % cuts.length] ?? 1;
    const found = filter.feed(bytes.subarray(at, at + cut));
    passed.push(...found.pass);
    oversized.push(...found.oversized);
    broken ??= found.broken;
    at += cut;
  }
  return { passed: Buffer.concat(passed), oversized, broken };
}
const cuts = fc.oneof(
  fc.constant([1]),
  fc.constant([1_000_000]),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 5_000 })), {
    minLength: 1,
    maxLength: 20,
  }),
);

function read(bytes: Buffer, protocolVersion: Version): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error) => {
    throw error;
  });
  reader.parse(bytes);
  return packets;
}

test('what is within the bounds passes as it is, however the bytes are cut into pieces', () => {
  const packet = (v: Version) =>
    fc.oneof(
      withinBounds.map((one) => wire(one, v)),
      fc.integer({ min: 0, max: 3 }).map((kind) => control(kind, v)),
    );
  fc.assert(
    fc.property(
      version.chain((v) => fc.tuple(fc.constant(v), fc.array(packet(v), { minLength: 1, maxLength: 6 }))),
      cuts,
      ([v, packets], pieces) => {
        const bytes = Buffer.concat(packets);
        const { passed, oversized, broken } = feed(new PacketFilter(v, MAX), bytes, pieces);
        expect(passed.equals(bytes)).toBe(true);
        expect(oversized).toEqual([]);
        expect(broken).toBeUndefined();
      },
    ),
    { numRuns: 40 },
  );
});

test('of messages that are too large a small one is left that is acknowledged as they would be; the others pass', () => {
  fc.assert(
    fc.property(version, fc.array(any, { minLength: 1, maxLength: 4 }), cuts, (v, messages, pieces) => {
      const packets = messages.map((one) => wire(one, v));
      const large = messages.map(
        ({ count }, i) => (packets[i]?.length ?? 0) > MAX || (v === 5 && 8 * count > PROPERTIES_MAX),
      );
      const { passed, oversized, broken } = feed(new PacketFilter(v, MAX), Buffer.concat(packets), pieces);
      const expected = messages.flatMap(({ qos, id, topic, payload }, i) => {
        if (!large[i]) return [[topic, qos, qos === 0 ? undefined : id, payload]];
        return qos === 0 ? [] : [[STAND_IN, qos, id, 0]];
      });
      const left = read(passed, v).map((packet) => {
        const { topic, qos, messageId, payload } = packet as IPublishPacket;
        return [topic, qos, messageId, payload.length];
      });
      expect(left).toEqual(expected);
      expect(oversized.map(({ topic }) => topic)).toEqual(
        messages.filter((_, i) => large[i]).map(({ topic }) => topic.slice(0, 120)),
      );
      expect(broken).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

test('any bytes: what passes does not depend on how they are cut', () => {
  fc.assert(
    fc.property(version, fc.uint8Array({ maxLength: 400 }), cuts, (v, bytes, pieces) => {
      const whole = feed(new PacketFilter(v, 100), Buffer.from(bytes), [1_000_000]);
      const cut = feed(new PacketFilter(v, 100), Buffer.from(bytes), pieces);
      expect(cut).toEqual(whole);
    }),
    { numRuns: 2_000 },
  );
});

/** The first byte, and a length as MQTT has it. */
function header(first: number, length: number): Buffer {
  const head = [first];
  let rest = length;
  do {
    head.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(head);
}

test.each([
  [4, 'CONNACK', 0x20],
  [5, 'CONNACK', 0x20],
  [5, 'PUBACK', 0x40],
  [4, 'SUBACK', 0x90],
  [5, 'SUBACK', 0x90],
  [5, 'DISCONNECT', 0xe0],
  [5, 'AUTH', 0xf0],
  [4, 'type 0', 0x00],
] as const)('MQTT %i: a %s of more than 64 KiB ends the connection, by its header alone', (v, name, first) => {
  const within = new PacketFilter(v).feed(header(first, CONTROL_MAX - 4));
  expect(within).toEqual({ pass: [header(first, CONTROL_MAX - 4)], oversized: [] });
  const filter = new PacketFilter(v);
  const { pass, broken } = filter.feed(header(first, CONTROL_MAX));
  expect(pass).toEqual([]);
  expect(broken).toContain(`(${name}) of ${CONTROL_MAX + 4} bytes`);
  expect(filter.feed(Buffer.from([0xd0, 0])).pass).toEqual([]);
});

test.each([
  ['the header and its length count, too', header(0x30, PACKET_MAX - 4), 1],
  ['a message of as many bytes as are taken', header(0x30, PACKET_MAX - 5), 0],
])('%s', (_what, head, skipped) => {
  for (const v of [4, 5] as const)
    expect(new PacketFilter(v).feed(Buffer.concat([head, Buffer.from([0, 1, 0x74, 0])])).oversized).toHaveLength(
      skipped,
    );
});

test.each([
  ['of a packet', [0x30, 0x80, 0x80, 0x80, 0x80, 0]],
  ['of its properties', [0x30, 10, 0, 1, 0x74, 0x80, 0x80, 0x80, 0x80, 0, 0, 0]],
])('a length %s that has five bytes ends the connection', (_of, bytes) => {
  expect(new PacketFilter(5).feed(Buffer.from(bytes)).broken).toMatch(/length/);
});

test('256 MB are counted past, and what follows is heard', () => {
  for (const v of [4, 5] as const) {
    const filter = new PacketFilter(v);
    const length = 256 * 1024 * 1024 - 1;
    const start = Buffer.concat([header(0x32, length), Buffer.from([0, 3, 0x61, 0x00, 0x27, 0, 9])]);
    const { pass, oversized } = filter.feed(start);
    expect([pass, oversized]).toEqual([[], [{ what: 'message', bytes: length + 5, topic: "a?'" }]]);
    const piece = Buffer.alloc(1024 * 1024);
    let left = length - 7;
    for (; left > piece.length; left -= piece.length) expect(filter.feed(piece).pass).toEqual([]);
    const last = filter.feed(Buffer.concat([piece.subarray(0, left), Buffer.from([0xd0, 0])]));
    expect(read(Buffer.concat(last.pass), v)).toMatchObject([
      { cmd: 'publish', topic: STAND_IN, messageId: 9 },
      { cmd: 'pingresp' },
    ]);
  }
});
