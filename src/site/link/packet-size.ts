import type { Readable } from 'node:stream';
import { PACKET_MAX, PROPERTIES_MAX } from '../messages.js';

/** What is larger than it may be. */
export interface TooLarge {
  readonly what: 'packet' | 'properties';
  readonly bytes: number;
  /** Where the message was published, as far as that was read; only of properties. */
  readonly topic?: string;
}

/** Fixed header byte of a PUBLISH without its flags, and the flags that say that a packet id follows the topic. */
const PUBLISH = 0x30;
const QOS = 0x06;
/** Characters of a topic that are shown. */
const TOPIC_SHOWN = 120;

/**
 * Where the properties of a PUBLISH of MQTT 5 begin: two bytes of length, the topic, two bytes of packet id where it has one; then the length of the
 * properties, seven bits a byte.
 */
class PropertiesLength {
  #at = 0;
  #topic = 0;
  readonly #text: number[] = [];
  #length = 0;
  #bytes = 0;
  readonly #idBytes: number;

  constructor(header: number) {
    this.#idBytes = (header & QOS) === 0 ? 0 : 2;
  }

  /** Whoever publishes there chooses what is in it. */
  get topic(): string {
    return Buffer.from(this.#text)
      .toString('latin1')
      .replace(/[^\x21-\x7e]/g, '?');
  }

  /** Takes the next byte. @returns the length as far as it is known; undefined once all of it is */
  take(byte: number): number | undefined {
    const at = this.#at++;
    if (at < 2) this.#topic = this.#topic * 256 + byte;
    else if (at < 2 + Math.min(this.#topic, TOPIC_SHOWN)) this.#text.push(byte);
    else if (at >= 2 + this.#topic + this.#idBytes) {
      this.#length += (byte & 0x7f) * 128 ** this.#bytes++;
      if ((byte & 0x80) === 0 && this.#length <= PROPERTIES_MAX) return undefined;
    }
    return this.#length;
  }
}

/**
 * Reads the bytes of one MQTT connection and reports a packet that announces more than `maxBytes`. Neither mqtt.js (under
 * 3.1.1) nor aedes limits what it collects: a header may announce 256 MB. Of MQTT 5 the properties are limited, too, for which no broker has a
 * limit of its own: eight megabytes of them are a million, and mqtt.js reads them in one turn of the event loop, of many seconds.
 */
export class PacketSize {
  readonly #maxBytes: number;
  readonly #version: 4 | 5;
  /** While the properties of a PUBLISH have not been reached. */
  #properties: PropertiesLength | undefined;
  /** Bytes of the current packet that are still to come; undefined while its header is being read. */
  #rest = 0;
  #header = 0;
  #length = 0;

  constructor(maxBytes: number, version: 4 | 5) {
    this.#maxBytes = maxBytes;
    this.#version = version;
  }

  /** Reads the next bytes. @returns what was announced that is too large, or undefined while all is well */
  feed(chunk: Uint8Array): TooLarge | undefined {
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#rest > 0 && this.#properties) {
        const bytes = this.#properties.take(chunk[at++] ?? 0);
        if (bytes !== undefined && bytes > PROPERTIES_MAX)
          return { what: 'properties', bytes, topic: this.#properties.topic };
        this.#rest--;
        if (bytes === undefined || this.#rest === 0) this.#properties = undefined;
        continue;
      }
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, chunk.byteLength - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#header === 0) {
        this.#header = 1;
        this.#length = 0;
        this.#properties = this.#version === 5 && (byte & 0xf0) === PUBLISH ? new PropertiesLength(byte) : undefined;
        continue;
      }
      // [MQTT-2.2.3] seven bits a byte, the lowest first, at most four bytes.
      this.#length += (byte & 0x7f) * 128 ** (this.#header - 1);
      if (this.#length > this.#maxBytes || this.#header > 4) return { what: 'packet', bytes: this.#length };
      this.#header++;
      if ((byte & 0x80) === 0) {
        this.#rest = this.#length;
        this.#header = 0;
      }
    }
    return undefined;
  }
}

/** Breaks off a connection on which a packet is announced that is too large. @param onTooLarge is told before, and why in a sentence */
export function limitPackets(
  stream: Readable,
  version: 4 | 5,
  onTooLarge: (what: TooLarge['what'], why: string) => void,
) {
  const size = new PacketSize(PACKET_MAX, version);
  stream.on('data', (chunk: Buffer) => {
    const large = size.feed(chunk);
    if (!large) return;
    const { what, bytes, topic } = large;
    const [named, max] =
      what === 'packet' ? ['a packet', PACKET_MAX] : [`a message on ${topic} with properties`, PROPERTIES_MAX];
    onTooLarge(what, `${named} of ${bytes} bytes was announced; at most ${max} are taken`);
    stream.destroy();
  });
}
