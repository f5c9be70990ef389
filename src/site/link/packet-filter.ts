// pure
import { CONTROL_MAX, PACKET_MAX, PROPERTIES_MAX } from '../messages.js';

/** A message that is not taken, for it is larger than it may be. */
export interface Oversized {
  readonly what: 'message' | 'properties';
  readonly bytes: number;
  /** Where it was published. Whoever publishes there chooses what is in it: shown as printable characters, shortened. */
  readonly topic: string;
}

/** What became of some bytes of a connection. */
export interface Filtered {
  /** What the reader of packets gets, in order. */
  readonly pass: readonly Uint8Array[];
  /** Messages that are being skipped from here on. */
  readonly oversized: readonly Oversized[];
  /** Why the connection must end, in a sentence; nothing of it is read any more. */
  readonly broken?: string;
}

/** Topic of what stands in for a message that was skipped. No gate subscribes to it. */
export const STAND_IN = 'skipped';

const PUBLISH = 3;
const QOS = 0x06;
const TOPIC_SHOWN = 120;
const NOTHING = Buffer.alloc(0);
/** MQTT 5, 2.1.2; of those that a broker sends. */
const NAMES: Readonly<Record<number, string>> = {
  2: 'CONNACK',
  4: 'PUBACK',
  5: 'PUBREC',
  6: 'PUBREL',
  7: 'PUBCOMP',
  9: 'SUBACK',
  11: 'UNSUBACK',
  13: 'PINGRESP',
  14: 'DISCONNECT',
  15: 'AUTH',
};

/** What the first bytes of a packet say of it. */
type Head =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'pass'; readonly bytes: number }
  | { readonly kind: 'skip'; readonly bytes: number; readonly oversized: Oversized; readonly standIn: Uint8Array }
  | { readonly kind: 'broken'; readonly why: string };
const UNFINISHED: Head = { kind: 'unfinished' };

/**
 * Stands between one MQTT connection and the reader of its packets, which collects whatever a header announces (256 MB at most) and reads it in
 * one turn of the event loop: eight megabytes of properties hold that for seconds.
 *
 * A message that is too large, or has too many properties (MQTT 5), is skipped: its bytes are counted past. Ending the connection would not do:
 * where it is retained, it would come again on each. Of QoS 1 and 2 a small message with the same packet id stands in for it, so that it is
 * acknowledged and not sent again. Everything else is small where a broker is one: more than 64 KiB end the connection.
 *
 * At most the beginning of a packet is kept, up to the length of the properties: a topic and a few bytes.
 */
export class PacketFilter {
  readonly #version: 4 | 5;
  readonly #packetMax: number;
  /** Beginning of a packet of which more must come before anything can be said. */
  #held: Uint8Array = NOTHING;
  /** Bytes of the current packet that are still to come. */
  #rest = 0;
  /** What follows the packet that is being skipped; undefined where the current one passes. */
  #standIn: Uint8Array | undefined;
  #broken: string | undefined;

  /** @param packetMax bytes of one packet, its header included */
  constructor(version: 4 | 5, packetMax = PACKET_MAX) {
    this.#version = version;
    this.#packetMax = packetMax;
  }

  /** Takes the next bytes, however they are cut into pieces. */
  feed(chunk: Uint8Array): Filtered {
    const pass: Uint8Array[] = [];
    const oversized: Oversized[] = [];
    const bytes = this.#held.byteLength === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    /** From here to `at` it passes. */
    let from = 0;
    let at = 0;
    while (at < bytes.byteLength && this.#broken === undefined) {
      if (this.#rest > 0) {
        const taken = Math.min(this.#rest, bytes.byteLength - at);
        this.#rest -= taken;
        at += taken;
        if (this.#standIn === undefined) continue;
        from = at;
        if (this.#rest > 0) continue;
        if (this.#standIn.byteLength > 0) pass.push(this.#standIn);
        this.#standIn = undefined;
        continue;
      }
      const head = readHead(bytes, at, this.#version, this.#packetMax);
      if (head.kind === 'pass') {
        this.#rest = head.bytes;
        continue;
      }
      if (at > from) pass.push(bytes.subarray(from, at));
      from = at;
      if (head.kind === 'unfinished') {
        // A copy: the piece that it lies in may be much larger.
        this.#held = Buffer.from(bytes.subarray(at));
        from = at = bytes.byteLength;
      } else if (head.kind === 'broken') {
        this.#broken = head.why;
      } else {
        this.#rest = head.bytes;
        this.#standIn = head.standIn;
        oversized.push(head.oversized);
      }
    }
    if (at > from) pass.push(bytes.subarray(from, at));
    return { pass, oversized, ...(this.#broken === undefined ? {} : { broken: this.#broken }) };
  }
}

/** @param at where the packet begins @returns also the whole packet's bytes, its header included */
function readHead(bytes: Uint8Array, at: number, version: 4 | 5, packetMax: number): Head {
  const first = bytes[at] ?? 0;
  const length = readLength(bytes, at + 1);
  if (length === undefined) return UNFINISHED;
  if (length === 'malformed') return broken('a packet whose length is none');
  const body = at + 1 + length.bytes;
  const total = 1 + length.bytes + length.value;
  const pass: Head = { kind: 'pass', bytes: total };
  const type = first >> 4;
  if (type !== PUBLISH)
    return total <= CONTROL_MAX
      ? pass
      : broken(`a packet (${NAMES[type] ?? `type ${type}`}) of ${total} bytes, of ${CONTROL_MAX} at most`);
  const tooLarge = total > packetMax;
  if (!tooLarge && version === 4) return pass;

  // [MQTT-3.3.2] two bytes of length, the topic, two bytes of packet id where it has one; with MQTT 5 the length of the properties. What ends
  // before that, or is not right otherwise, the reader finds.
  const end = at + total;
  if (body + 2 > end) return pass;
  if (body + 2 > bytes.byteLength) return UNFINISHED;
  const topicEnd = body + 2 + (bytes[body] ?? 0) * 256 + (bytes[body + 1] ?? 0);
  const headEnd = topicEnd + ((first & QOS) === 0 ? 0 : 2);
  if (headEnd > end) return tooLarge ? broken('a message whose topic is longer than itself') : pass;
  if (headEnd > bytes.byteLength) return UNFINISHED;
  const topic = shown(bytes.subarray(body + 2, topicEnd));
  const skip = (what: Oversized['what'], size: number): Head => ({
    kind: 'skip',
    bytes: total,
    oversized: { what, bytes: size, topic },
    standIn: standInFor(first, bytes.subarray(topicEnd, headEnd), version),
  });
  if (tooLarge) return skip('message', total);
  if (version === 4 || headEnd === end) return pass;
  const properties = readLength(bytes.subarray(0, end), headEnd);
  if (properties === undefined) return bytes.byteLength < end ? UNFINISHED : pass;
  if (properties === 'malformed') return broken('a message whose length of the properties is none');
  return properties.value > PROPERTIES_MAX ? skip('properties', properties.value) : pass;
}

/** [MQTT-2.2.3] seven bits a byte, the lowest first, at most four bytes. @returns undefined where more must come */
function readLength(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly bytes: number } | 'malformed' | undefined {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** i;
    if ((byte & 0x80) === 0) return { value, bytes: i + 1 };
  }
  return 'malformed';
}

/** A message without content that is acknowledged as the skipped one would be; empty for QoS 0. */
function standInFor(first: number, id: Uint8Array, version: 4 | 5): Uint8Array {
  if (id.byteLength === 0) return NOTHING;
  const content = [0, STAND_IN.length, ...Buffer.from(STAND_IN), ...id, ...(version === 5 ? [0] : [])];
  return Buffer.from([first, content.length, ...content]);
}

const broken = (what: string): Head => ({
  kind: 'broken',
  why: `the broker sent ${what}: it is no MQTT broker, or something between changes what it sends`,
});

const shown = (topic: Uint8Array): string =>
  Buffer.from(topic.subarray(0, TOPIC_SHOWN))
    .toString('latin1')
    .replace(/[^\x21-\x7e]/g, '?');
