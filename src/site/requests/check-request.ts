import type { Keyring, SignatureVerdict } from '../../keys/keyring.js';
import { requestText } from '../../keys/signed-text.js';
import { iso } from '../../kit/clock.js';
import { type Parsed, parseJson } from '../bounded-json.js';
import type { Packet } from '../link/link.js';
import {
  ENROLL_PAYLOAD_MAX,
  type Envelope,
  type ErrorCode,
  envelopeSchema,
  LIFETIME_MAX_MS,
  PAYLOAD_MAX,
  requestIdSchema,
  whatIsWrong,
} from '../messages.js';
import { isResponseTopic, type Names, parseTopic, type Topic, topicsOf } from '../topics.js';
import type { RequestTime } from './request-time.js';
import type { SeenRequests } from './seen-requests.js';
import { rolesOf } from './verb-roles.js';
import { type ArgsOf, argsSchemas, isVerb, LATER_VERBS, VERBS, type Verb } from './verbs.js';

/** A request that may be done, of one verb or of any. */
export type Request<V extends Verb = Verb> = {
  [K in V]: { readonly verb: K; readonly args: ArgsOf<K>; readonly id: string; readonly by: string };
}[V];

export type RequestCheck =
  | { readonly kind: 'drop'; readonly why: string }
  | {
      readonly kind: 'refuse';
      /** null if the request brought a response topic, but no readable id. */
      readonly id: string | null;
      readonly code: ErrorCode;
      readonly message: string;
      readonly respondTo: string;
    }
  | { readonly kind: 'accept'; readonly request: Request; readonly respondTo: string };

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}
type RequestTopic = Extract<Topic, { kind: 'request' }>;

/**
 * Whether a packet is a request that may be done now. Retained, late and repeated requests may not: replayed and retained
 * messages have opened real front doors (double-take#281, MQTT_ESP8266_Garage_Door#1, OpenMQTTGateway#102).
 * @param time what the request's time is compared with
 * @param seen remembers the ids of accepted requests, and only those.
 * @param keyring the keys of the site: nothing unsigned is accepted; undefined where it has none
 */
export function checkRequest(
  packet: Packet,
  time: RequestTime,
  seen: SeenRequests,
  names: Names,
  keyring?: Pick<Keyring, 'check'>,
): RequestCheck {
  const topic = parseTopic(names, packet.topic);
  if (topic?.kind !== 'request') return { kind: 'drop', why: 'not a request of this gate' };
  // The broker forwards this to subscribers when a client clears a retained request.
  if (packet.payload.byteLength === 0) return { kind: 'drop', why: 'an empty request' };

  const raw = readEnvelope(packet, topic);
  const id = raw.ok ? idOf(raw.value) : undefined;
  const respondTo = responseTopic(packet, names, id);
  const refuse = ({ code, message }: Refusal): RequestCheck =>
    respondTo === undefined
      ? { kind: 'drop', why: `${code}: ${message}; it names no id to answer to` }
      : { kind: 'refuse', id: id ?? null, code, message, respondTo };

  if (packet.retain) return refuse(RETAINED);
  if (!raw.ok) return refuse({ code: raw.tooLarge === true ? 'too-large' : 'bad-request', message: raw.why });
  const envelope = envelopeSchema.safeParse(raw.value);
  if (!envelope.success) return refuse({ code: 'bad-request', message: whatIsWrong(envelope.error) });
  const signer = keyring && signerOf(keyring, topic, raw.value, envelope.data, names);
  if (signer?.ok === false) return refuse({ code: signer.code, message: signer.why });
  const late = untimely(envelope.data, time);
  if (late) return refuse(late);
  // What is proven counts, not what the request says of itself.
  const request = requestOf(topic, signer ? { ...envelope.data, by: signer.name } : envelope.data);
  if ('code' in request) return refuse(request);
  const answerTo = respondTo ?? topicsOf(names).response(request.id);
  switch (seen.admit(request.id, Date.parse(envelope.data.expires), time.nowMs, time.trusted)) {
    case 'repeated':
      return refuse({ code: 'replayed', message: `a request with the id ${request.id} was already taken` });
    case 'full':
      return refuse({ code: 'busy', message: 'too many requests within the last minutes: try again later' });
    case 'new':
      return { kind: 'accept', request, respondTo: answerTo };
  }
}

const RETAINED: Refusal = {
  code: 'retained',
  message:
    'a request must be sent without the retain flag; clear the topic at the broker with an empty retained message',
};

/** The envelope as it arrived: JSON, or MQTT 5 user properties around a payload that is the photo itself. */
function readEnvelope(packet: Packet, { verb }: RequestTopic): Parsed & { readonly tooLarge?: boolean } {
  const max = verb === 'enroll' ? ENROLL_PAYLOAD_MAX : PAYLOAD_MAX;
  const size = packet.payload.byteLength;
  if (size > max) {
    return {
      ok: false,
      tooLarge: true,
      why: `the payload has ${size} bytes; ${verb.slice(0, 32)} takes at most ${max}`,
    };
  }
  const properties = packet.properties;
  if (verb !== 'enroll' || properties === undefined || !Object.hasOwn(properties, 'v'))
    return parseJson(packet.payload);
  const { v, args: argsText, name, ...envelope } = properties;
  const args = argsText === undefined ? { ok: true as const, value: {} } : parseJson(Buffer.from(argsText));
  if (!args.ok) return { ok: false, why: `user property args: ${args.why}` };
  if (typeof args.value !== 'object' || args.value === null || Array.isArray(args.value)) {
    return { ok: false, why: 'user property args must be a JSON object' };
  }
  const named = name === undefined ? {} : { name };
  return { ok: true, value: { ...envelope, v: Number(v), args: { ...named, ...args.value, photo: packet.payload } } };
}

/** Whether a request is signed by one who may ask for it. @param raw the envelope as it arrived: all of it is signed */
function signerOf(
  keyring: Pick<Keyring, 'check'>,
  { scope, verb }: RequestTopic,
  raw: unknown,
  { time }: Envelope,
  { site, gate }: Names,
): SignatureVerdict {
  const signed = raw as Readonly<Record<string, unknown>>;
  const target = { site, gate: scope === 'site' ? '*' : gate, verb };
  const { key, signature } = signed;
  const asked = { gate, madeMs: Date.parse(time) };
  return keyring.check({ key, signature, text: () => requestText(target, signed) }, rolesOf(verb), asked);
}

/** The id of anything that might be a request, so that the answer can say what is wrong with it. */
function idOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return requestIdSchema.safeParse(value.id).data;
}

function responseTopic(packet: Packet, names: Names, id: string | undefined): string | undefined {
  const asked = packet.responseTopic;
  if (asked !== undefined && isResponseTopic(names, asked)) return asked;
  return id === undefined ? undefined : topicsOf(names).response(id);
}

function untimely(envelope: Envelope, { nowMs, startedMs, trusted }: RequestTime): Refusal | undefined {
  const sent = Date.parse(envelope.time);
  const expires = Date.parse(envelope.expires);
  const doubt = trusted ? '' : ', which is not trusted,';
  const clock = `this gate's clock${doubt} shows ${iso(nowMs)}`;
  const expired = (message: string): Refusal => ({ code: 'expired', message });
  if (expires <= sent) return { code: 'bad-request', message: 'expires must be later than time' };
  if (expires - sent > LIFETIME_MAX_MS) {
    return expired(`the request lives ${(expires - sent) / 1000} s; at most ${LIFETIME_MAX_MS / 1000} s are allowed`);
  }
  if (sent > nowMs + LIFETIME_MAX_MS)
    return expired(`the request was sent in the future, at ${envelope.time}; ${clock}`);
  if (expires <= nowMs) return expired(`the request expired at ${envelope.expires}; ${clock}`);
  if (sent < startedMs) {
    return expired(`the request was sent at ${envelope.time}, before this gate started; send a new one`);
  }
  return undefined;
}

function requestOf(topic: RequestTopic, { id, by, args }: Envelope): Request | Refusal {
  const { verb } = topic;
  if (LATER_VERBS.includes(verb)) return { code: 'not-allowed', message: `${verb} comes in a later version` };
  if (!isVerb(verb)) {
    return { code: 'bad-request', message: `unknown verb "${verb.slice(0, 32)}"; known are ${VERBS.join(', ')}` };
  }
  // Otherwise every gate would add a template of its own for the one photo.
  if (verb === 'enroll' && topic.scope === 'site') {
    return { code: 'not-allowed', message: 'send enroll to one gate: it shares the person with the others' };
  }
  const parsed = argsSchemas[verb].safeParse(args);
  if (!parsed.success) return { code: 'bad-request', message: whatIsWrong(parsed.error, 'args') };
  return { verb, args: parsed.data, id, by } as Request;
}
