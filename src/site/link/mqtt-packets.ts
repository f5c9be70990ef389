import type { IClientPublishOptions, IPublishPacket } from 'mqtt';
import type { Packet, PublishOptions } from './link.js';

/** A packet of mqtt.js as the link's listeners see it. */
export function packetOf(packet: IPublishPacket): Packet {
  const { responseTopic, correlationData, userProperties } = packet.properties ?? {};
  return {
    topic: packet.topic,
    payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
    retain: packet.retain,
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData }),
    ...(userProperties === undefined ? {} : { properties: firstValues(userProperties) }),
  };
}

/** Of a property that is given twice, the first value counts. */
function firstValues(properties: Record<string, string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, Array.isArray(value) ? (value[0] ?? '') : value]),
  );
}

/** Publish options for mqtt.js; 3.1.1 has no properties. */
export function publishOptions(options: PublishOptions, version: 4 | 5): IClientPublishOptions {
  const { qos, retain, expirySeconds, correlationData, responseTopic, properties } = options;
  if (version === 4) return { qos, retain };
  return {
    qos,
    retain,
    properties: {
      ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
      ...(correlationData === undefined ? {} : { correlationData: Buffer.from(correlationData) }),
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(properties === undefined ? {} : { userProperties: { ...properties } }),
    },
  };
}
