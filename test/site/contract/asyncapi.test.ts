import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { addresses, asyncapiDocument } from '../../../src/site/contract/asyncapi.js';
import { asyncapiFaults } from '../../../src/site/contract/asyncapi-shape.js';
import { CHANNELS } from '../../../src/site/contract/channels.js';
import { VERBS } from '../../../src/site/requests/verbs.js';
import { topicsOf } from '../../../src/site/topics.js';
import { matches } from '../../support/memory-link.js';

interface Document {
  channels: Record<string, { address: string; messages: Record<string, object>; parameters: Record<string, object> }>;
  operations: Record<string, { action: string; channel: { $ref: string }; bindings: { mqtt: { retain?: boolean } } }>;
  components: {
    messages: Record<string, { payload: Record<string, unknown> }>;
    parameters: Record<string, { enum?: string[] }>;
  };
}
const made = () => JSON.parse(JSON.stringify(asyncapiDocument('1.2.3'))) as Document;
const all = Object.entries(topicsOf({ site: '{site}', gate: '{gate}' })) as [string, unknown][];

test('every topic that a gate uses has a channel with its address', () => {
  const found = new Set(Object.values(made().channels).map(({ address }) => address.replaceAll(/\{\w+\}/g, '*')));
  for (const [name, topic] of all) {
    if (typeof topic !== 'function') continue;
    const address = (topic as (...of: readonly string[]) => string)(...Array(topic.length).fill('*'));
    expect([...found], name).toContain(address.replaceAll(/\{\w+\}/g, '*'));
  }
  for (const [name, topic] of all)
    for (const one of typeof topic === 'string' ? [topic] : Array.isArray(topic) ? (topic as string[]) : []) {
      const some = [...found].some((address) => matches(one.replaceAll(/\{\w+\}/g, '*'), address));
      expect(some, `${name}: ${one}`).toBe(true);
    }
});

test('every channel is one that a gate has, and every verb has a message', () => {
  const { channels, components } = made();
  expect(Object.keys(channels)).toEqual(Object.keys(addresses()));
  for (const verb of VERBS) expect(channels['request']?.messages).toHaveProperty(`${verb}-request`);
  expect(components.parameters['verb']?.enum).toEqual(VERBS);
});

test('a topic of which the table tells nothing yet stands there all the same, with any payload', () => {
  const { event, person, ...known } = CHANNELS;
  const document = asyncapiDocument('1', known) as Document;
  expect(document.channels['event']?.address).toBe('kaimon/{site}/gates/{gate}/event');
  expect(document.channels['person']?.address).toBe('kaimon/{site}/people/{id}');
  expect(document.components.messages['event']?.payload).toEqual({});
  expect(asyncapiFaults(document)).toEqual([]);
});

test('the document has the shape of AsyncAPI 3.0, and what is broken in it is found', () => {
  expect(asyncapiFaults(made())).toEqual([]);
  const broken = (change: (document: Document) => void) => {
    const document = made();
    change(document);
    return asyncapiFaults(document).join('\n');
  };
  const state = 'state';
  expect(broken(({ channels }) => delete channels[state])).toMatch(/there is no #\/channels\/state/);
  expect(broken(({ components }) => delete components.messages[state])).toMatch(/no #\/components\/messages\/state/);
  expect(broken(({ channels }) => Object.assign(channels[state] ?? {}, { adress: 'x' }))).toMatch(/adress/);
  expect(broken(({ channels }) => Object.assign(channels[state] ?? {}, { address: 'a/{b}' }))).toMatch(/parameters/);
  expect(broken(({ channels }) => Object.assign(channels[state] ?? {}, { messages: {} }))).toMatch(/no message/);
  expect(broken(({ operations }) => Object.assign(operations['sendState'] ?? {}, { action: 'publish' }))).toMatch(
    /operations\.sendState\.action/,
  );
  expect(
    broken(({ components }) => Object.assign(components.messages[state]?.payload ?? {}, { type: 'text' })),
  ).toMatch(/a type that JSON Schema does not have/);
});

test('payloads say what the gate reads: required fields, bounds, and no program', () => {
  const { components, operations } = made();
  expect(components.messages['open-request']?.payload).toMatchObject({
    required: expect.arrayContaining(['v', 'id', 'time', 'expires', 'by']),
    properties: { args: { properties: { reason: { maxLength: 200 } } } },
  });
  const photo = JSON.stringify(components.messages['enroll-request']?.payload);
  expect(photo).not.toContain('{}');
  expect(operations['sendState']?.bindings.mqtt.retain).toBe(true);
  expect(operations['sendEvent']?.bindings.mqtt.retain).toBe(false);
  expect(operations).not.toHaveProperty('sendRequest');
});

test('docs/asyncapi.yaml is what is made, but for its version', () => {
  const kept = parse(readFileSync(new URL('../../../docs/asyncapi.yaml', import.meta.url), 'utf8'));
  expect({ ...kept, info: undefined }).toEqual({ ...made(), info: undefined });
});
