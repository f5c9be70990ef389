// pure
import type { z } from 'zod';
import { VERBS } from '../requests/verbs.js';
import { topicsOf } from '../topics.js';
import { CHANNELS, type ChannelFacts } from './channels.js';
import { schemaOf } from './json-schema.js';

const NAMES = { site: '{site}', gate: '{gate}' };
const BINDING = '0.2.0';

/** What stands for a part of an address that varies. */
const PARAMETERS: Readonly<Record<string, object>> = {
  site: { description: 'Name of the site: 1–32 characters of a–z, 0–9, "_", "-".', default: 'home' },
  gate: { description: 'Name of the gate: 1–32 characters of a–z, 0–9, "_", "-".' },
  person: { description: 'Id of a person.' },
  request: { description: 'Id of the request: a UUID.' },
  verb: { description: 'What is asked for.', enum: [...VERBS] },
};

type Known = Readonly<Record<string, ChannelFacts>>;

/** A topic that varies with one thing more than site and gate. */
type VaryingTopic = (...what: readonly string[]) => string;

/** A topic of which the table tells nothing yet. */
const unknown = (key: string): ChannelFacts => ({
  summary: `${key}: see docs/mqtt.md`,
  retained: false,
  actions: ['send'],
  messages: {},
});

/** Addresses of all topics that a gate uses, by the name that each has in `topicsOf`; filters are none. */
export function addresses(known: Known = CHANNELS): Readonly<Record<string, string>> {
  const found = Object.entries(topicsOf(NAMES)).flatMap(([key, topic]): readonly (readonly [string, string])[] => {
    if (typeof topic === 'function') {
      const { parameters = ['id'] } = known[key] ?? {};
      return [[key, (topic as VaryingTopic)(...parameters.map((name) => `{${name}}`))]];
    }
    return typeof topic === 'string' && !/[+#]/.test(topic) ? [[key, topic]] : [];
  });
  return Object.fromEntries(found);
}

/** The AsyncAPI 3 document of what a gate says and hears at the broker, made from the schemas that it reads with. @param known what is told of each topic */
export function asyncapiDocument(version: string, known: Known = CHANNELS): object {
  const all = Object.entries(addresses(known)).map(([key, address]) => ({
    key,
    address,
    ...(known[key] ?? unknown(key)),
  }));
  const messages = new Map(all.flatMap((channel) => Object.entries(messagesOf(channel))));
  const parameters = new Set(all.flatMap(({ address }) => parametersIn(address)));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Kaimon at the broker',
      version,
      description:
        'What one gate says and hears. Meaning, codes and events: docs/mqtt.md. Unknown fields are ignored; times are ISO 8601 in UTC.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      broker: {
        host: 'localhost:1883',
        protocol: 'mqtt',
        description: 'MQTT 5, or 3.1.1 where the broker speaks no other; with TLS on 8883 (mqtts).',
        bindings: {
          mqtt: {
            cleanSession: true,
            keepAlive: 30,
            lastWill: { topic: topicsOf(NAMES).state, qos: 1, retain: true, message: '{"status":"offline"}' },
            bindingVersion: BINDING,
          },
        },
      },
    },
    channels: Object.fromEntries(all.map((channel) => [channel.key, channelOf(channel)])),
    operations: Object.fromEntries(all.flatMap(operationsOf)),
    components: {
      messages: Object.fromEntries([...messages].sort(([a], [b]) => (a < b ? -1 : 1))),
      parameters: Object.fromEntries(
        [...parameters].map((name) => [name, PARAMETERS[name] ?? { description: `See docs/mqtt.md: ${name}.` }]),
      ),
    },
  };
}

type Channel = ChannelFacts & { readonly key: string; readonly address: string };

/** One of which no message is known carries any. */
const schemasOf = ({ key, messages }: Channel): Readonly<Record<string, z.ZodType | undefined>> =>
  Object.keys(messages).length > 0 ? messages : { [key]: undefined };

const messagesOf = (channel: Channel): Readonly<Record<string, object>> => {
  const { contentType } = channel;
  return Object.fromEntries(
    Object.entries(schemasOf(channel)).map(([name, schema]) => [
      name,
      { name, ...(contentType && { contentType }), payload: schema === undefined ? {} : schemaOf(schema) },
    ]),
  );
};

function channelOf(channel: Channel): object {
  const { address, summary } = channel;
  return {
    address,
    summary,
    parameters: Object.fromEntries(
      parametersIn(address).map((name) => [name, { $ref: `#/components/parameters/${name}` }]),
    ),
    messages: Object.fromEntries(
      Object.keys(schemasOf(channel)).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
  };
}

const parametersIn = (address: string): readonly string[] =>
  [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');

function operationsOf({ key, retained, actions }: Channel): readonly (readonly [string, object])[] {
  return actions.map((action) => [
    `${action}${key.charAt(0).toUpperCase()}${key.slice(1)}`,
    {
      action,
      channel: { $ref: `#/channels/${key}` },
      ...(/request$/i.test(key) ? { reply: { channel: { $ref: '#/channels/response' } } } : {}),
      bindings: { mqtt: { qos: 1, ...(action === 'send' ? { retain: retained } : {}), bindingVersion: BINDING } },
    },
  ]);
}
