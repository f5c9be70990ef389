// pure
import { z } from 'zod';
import { trustListSchema } from '../../keys/trust-list.js';
import { passageSchema } from '../../passback/passback.js';
import {
  digestSchema,
  envelopeSchema,
  eventSchema,
  infoSchema,
  recordSchema,
  responseSchema,
  stateSchema,
} from '../messages.js';
import { argsSchemas, VERBS } from '../requests/verbs.js';

/** What is known of a topic beside its address. */
export interface ChannelFacts {
  readonly summary: string;
  readonly retained: boolean;
  /** What the gate does there. */
  readonly actions: readonly ('send' | 'receive')[];
  /** The names of what varies in the address, in its order; site and gate are known. */
  readonly parameters?: readonly string[];
  /** What the payload is, where it is no JSON. */
  readonly contentType?: string;
  /** By name. */
  readonly messages: Readonly<Record<string, z.ZodType>>;
}

/** A request of each verb: the envelope around what the verb takes. */
const requests = Object.fromEntries(
  VERBS.map((verb) => [`${verb}-request`, envelopeSchema.extend({ args: argsSchemas[verb] })]),
);

/**
 * By the name that a topic has in `topicsOf`. One that is missing here stands in the document all the same, with any payload: what it carries is
 * to be told here.
 */
export const CHANNELS: Readonly<Record<string, ChannelFacts>> = {
  state: {
    summary: 'How the gate is. The broker itself says "offline" when the connection of the gate breaks.',
    retained: true,
    actions: ['send', 'receive'],
    messages: { state: stateSchema },
  },
  info: {
    summary:
      'What seldom changes: version, encoder, limits, people (count, newest version, digest), head of the journal.',
    retained: true,
    actions: ['send', 'receive'],
    messages: { info: infoSchema },
  },
  event: {
    summary: 'What happened. At least once and in order; docs/mqtt.md lists the types and their fields.',
    retained: false,
    actions: ['send'],
    messages: { event: eventSchema },
  },
  keys: {
    summary: 'Who may do what at this site, signed with the key of the site (docs/keys.md).',
    retained: true,
    actions: ['send', 'receive'],
    messages: { keys: trustListSchema },
  },
  digest: {
    summary: 'The people of a gate in 256 parts, read where gates know other people.',
    retained: true,
    actions: ['send', 'receive'],
    parameters: ['gate'],
    messages: { digest: digestSchema },
  },
  sync: {
    summary: "The gate's own marker; of no use to others.",
    retained: false,
    actions: ['send', 'receive'],
    contentType: 'text/plain',
    messages: { marker: z.string() },
  },
  person: {
    summary: 'One person, or that this person was removed. Of two records the one with the newer version counts.',
    retained: true,
    actions: ['send', 'receive'],
    parameters: ['person'],
    messages: { person: recordSchema },
  },
  passage: {
    summary: 'Where somebody was last seen to go. Only where anti-passback is on.',
    retained: true,
    actions: ['send', 'receive'],
    parameters: ['person'],
    messages: { passage: passageSchema },
  },
  request: {
    summary:
      'A request to one gate. Never retained. With MQTT 5 the answer goes to the response topic, if it is below kaimon/{site}/response/.',
    retained: false,
    actions: ['receive'],
    parameters: ['verb'],
    messages: requests,
  },
  siteRequest: {
    summary: 'A request to every gate of the site, each of which answers (enroll is refused here). Never retained.',
    retained: false,
    actions: ['receive'],
    parameters: ['verb'],
    messages: requests,
  },
  response: {
    summary: 'The answer to a request.',
    retained: false,
    actions: ['send'],
    parameters: ['request'],
    messages: { response: responseSchema },
  },
  unnamedResponse: {
    summary: 'The answer to a request whose id cannot stand in a topic.',
    retained: false,
    actions: ['send'],
    messages: { response: responseSchema },
  },
};
