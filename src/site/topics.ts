import { z } from 'zod';
import { personIdSchema } from '../person/person.js';

/** A site's or a gate's name: it stands in topics, so no "/", "+", "#". */
export const nameSchema = z.string().regex(/^[a-z0-9_-]{1,32}$/, 'a name has 1–32 characters of a–z, 0–9, "_", "-"');

export interface Names {
  readonly site: string;
  readonly gate: string;
}

/** Longest response topic that a client may ask for. */
const RESPONSE_TOPIC_MAX = 256;

/** Every topic that one gate uses, and the filters it subscribes to. */
export interface Topics {
  readonly people: string;
  readonly passages: string;
  readonly requests: readonly string[];
  readonly peers: readonly string[];
  /** The list of keys of the site. */
  readonly keys: string;
  readonly state: string;
  readonly info: string;
  readonly event: string;
  /** The gate sends to itself here: what comes back was sent after everything that arrived before it. */
  readonly sync: string;
  person(id: string): string;
  /** What a gate knows of the people, in parts. */
  digest(gate: string): string;
  /** Where a person last went: in or out. */
  passage(id: string): string;
  request(verb: string): string;
  siteRequest(verb: string): string;
  response(requestId: string): string;
  /** The answer to what has no id that could stand in a topic. */
  readonly unnamedResponse: string;
}

/** The topics of one gate. */
export function topicsOf({ site, gate }: Names): Topics {
  const s = `kaimon/${site}`;
  const g = `${s}/gates/${gate}`;
  return {
    people: `${s}/people/+`,
    passages: `${s}/passages/+`,
    requests: [`${g}/request/+`, `${s}/request/+`],
    peers: [`${s}/gates/+/state`, `${s}/gates/+/info`],
    keys: `${s}/keys`,
    state: `${g}/state`,
    info: `${g}/info`,
    event: `${g}/event`,
    digest: (gate) => `${s}/gates/${gate}/digest`,
    sync: `${g}/sync`,
    person: (id) => `${s}/people/${id}`,
    passage: (id) => `${s}/passages/${id}`,
    request: (verb) => `${g}/request/${verb}`,
    siteRequest: (verb) => `${s}/request/${verb}`,
    response: (requestId) => `${g}/response/${requestId}`,
    unnamedResponse: `${g}/response/no-id`,
  };
}

export type Topic =
  | { readonly kind: 'person' | 'passage'; readonly id: string }
  | { readonly kind: 'keys' }
  | { readonly kind: 'request'; readonly scope: 'gate' | 'site'; readonly verb: string }
  | { readonly kind: 'state' | 'info' | 'digest' | 'sync'; readonly gate: string }
  | { readonly kind: 'event'; readonly gate: string };

/** What a topic means to the gate `names.gate`; undefined for topics that do not concern it. */
export function parseTopic(names: Names, topic: string): Topic | undefined {
  const [root, site, area, first, second, third, ...more] = topic.split('/', 8);
  if (root !== 'kaimon' || site !== names.site || more.length > 0) return undefined;
  if (area === 'keys' && first === undefined) return { kind: 'keys' };
  if (first === undefined) return undefined;
  if (area === 'people' || area === 'passages') {
    const kind = area === 'people' ? 'person' : 'passage';
    return second === undefined && personIdSchema.safeParse(first).success ? { kind, id: first } : undefined;
  }
  if (area === 'request') return second === undefined ? { kind: 'request', scope: 'site', verb: first } : undefined;
  if (area !== 'gates' || !nameSchema.safeParse(first).success) return undefined;
  if (second === 'request' && third !== undefined) {
    return first === names.gate ? { kind: 'request', scope: 'gate', verb: third } : undefined;
  }
  if (third !== undefined) return undefined;
  switch (second) {
    case 'state':
    case 'info':
    case 'event':
    case 'digest':
    case 'sync':
      return { kind: second, gate: first };
    default:
      return undefined;
  }
}

/**
 * Whether an answer may be sent to `topic`: only below `S/response/`. A client may otherwise make the gate
 * publish on any topic that the gate's own rights reach, people's records among them.
 */
export function isResponseTopic({ site }: Names, topic: string): boolean {
  const prefix = `kaimon/${site}/response/`;
  return (
    topic.startsWith(prefix) &&
    topic.length > prefix.length &&
    topic.length <= RESPONSE_TOPIC_MAX &&
    !/[+#\0]/.test(topic)
  );
}
