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
import { clientOf, UNKNOWN_CLIENT } from './client.js';
import { lineOf } from './refused-requests.js';
import type { Proof } from './request-limits.js';
import type { RequestTime } from './request-time.js';
import type { SeenRequests } from './seen-requests.js';
import { rolesOf } from './verb-roles.js';
import { type ArgsOf, argsSchemas, isVerb, laneOf, mayHoldPhoto, opensDoor, VERBS, type Verb } from './verbs.js';

/** A request that may be done, of one verb or of any. */
export type Request<V extends Verb = Verb> = {
  [K in V]: { readonly verb: K; readonly args: ArgsOf<K>; readonly id: string; readonly by: string };
}[V];

export type RequestCheck =
  | { readonly kind: 'drop'; readonly why: string }
  | ({
      readonly kind: 'refuse';
      /** null if it has no readable id. */
      readonly id: string | null;
      readonly respondTo: string;
      /** As the topic names it, which may be anything. */
      readonly verb: string;
      readonly client: string;
      readonly proof: Proof;
      /** Who has signed it. */
      readonly signer: string | undefined;
    } & Refusal)
  | {
      readonly kind: 'accept';
      readonly request: Request;
      readonly respondTo: string;
      /** Who it counts for in the queue. */
      readonly client: string;
      readonly proof: Proof;
      /** Who has signed it. */
      readonly signer: string | undefined;
      /** How long it may still be begun. */
      readonly lifeMs: number;
      /** Whether its signer may still ask for it, by the list of keys of that moment. */
      readonly mayStill: () => boolean;
    };

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  /** With `busy`: when a new request is likely to be taken. */
  readonly retryAfterMs?: number;
}
type RequestTopic = Extract<Topic, { kind: 'request' }>;

/** Port: what clients may ask of this gate in a time. */
export interface Limits {
  /** Counts a request. @returns 0, or in how many milliseconds the client may ask this verb again */
  request(client: string, verb: string): number;
}

/**
 * Whether a packet is a request that may be done now. Retained, late and repeated requests may not: replayed and retained
 * messages have opened real front doors (double-take#281, MQTT_ESP8266_Garage_Door#1, OpenMQTTGateway#102).
 * @param time what the request's time is compared with
 * @param seen remembers the ids of accepted requests, and those that were signed and refused
 * @param keyring the keys of the site: nothing unsigned is accepted; undefined where it has none
 */
export function checkRequest(
  packet: Packet,
  time: RequestTime,
  seen: SeenRequests,
  names: Names,
  limits: Limits,
  keyring?: Pick<Keyring, 'check' | 'may'>,
): RequestCheck {
  const topic = parseTopic(names, packet.topic);
  if (topic?.kind !== 'request') return { kind: 'drop', why: 'not a request of this gate' };
  // The broker forwards this to subscribers when a client clears a retained request.
  if (packet.payload.byteLength === 0) return { kind: 'drop', why: 'an empty request' };

  const { verb } = topic;
  const raw = readEnvelope(packet, topic);
  const id = raw.ok ? idOf(raw.value) : undefined;
  const respondTo = responseTopic(packet, names, id);
  let signer: SignatureVerdict | undefined;
  const refuse = (refusal: Refusal, proof: Proof = 'none', client = UNKNOWN_CLIENT): RequestCheck => ({
    kind: 'refuse',
    id: id ?? null,
    respondTo,
    verb,
    client,
    proof,
    signer: proof === 'none' ? undefined : signer?.name,
    // What is wrong does not matter: it was sent with retain.
    ...(packet.retain && proof === 'none' ? RETAINED : refusal),
  });

  if (!raw.ok) return refuse({ code: raw.tooLarge === true ? 'too-large' : 'bad-request', message: raw.why });
  const envelope = envelopeSchema.safeParse(raw.value, { reportInput: true });
  if (!envelope.success) return refuse({ code: 'bad-request', message: whatIsWrong(envelope.error) });
  signer = keyring && signerOf(keyring, topic, raw.value, envelope.data, names);
  if (signer?.ok === false && signer.name === undefined) return refuse({ code: signer.code, message: signer.why });

  const client = clientOf(envelope.data, signer);
  const [madeMs, expiresMs] = [Date.parse(envelope.data.time), Date.parse(envelope.data.expires)];
  const { nowMs, trusted } = time;
  const owner = { client, safety: laneOf(verb) === 'safety' };
  const line = lineOf(client, verb);
  const made = { id: envelope.data.id, madeMs };
  const again = (refusal: Refusal) => refuse(refusal, signer ? 'again' : 'none', signer ? client : UNKNOWN_CLIENT);
  /**
   * What somebody has signed and is refused is refused for good: whoever has heard it could send it again when it suits them, once a clock, a list or a limit
   * has changed. What nobody has signed anybody can make anew.
   */
  const spend = (refusal: Refusal, unsigned = UNKNOWN_CLIENT) => {
    if (!signer) return refuse(refusal, 'none', unsigned);
    seen.refused.add(line, made, nowMs);
    return refuse(refusal, 'signed', client);
  };

  const late = untimely(envelope.data, time, verb);
  if (late && trusted && expiresMs < nowMs - LIFETIME_MAX_MS) return again(packet.retain ? RETAINED : late);
  const repeated: Refusal = {
    code: 'replayed',
    message: `a request with the id ${envelope.data.id} was already taken or refused`,
  };
  // Before it counts for anybody: whoever sends again what another has signed would use up what that one may ask.
  const isRepeated = seen.isRepeated(envelope.data.id, expiresMs, nowMs, trusted);
  if (signer && isRepeated) return again(packet.retain ? RETAINED : repeated);
  const mark = signer && seen.refused.find(line, made);
  if (mark) {
    // Of a span it is not known which were refused: it may be a new one.
    const retryAfterMs = Math.max(SPAN_RETRY_MS, mark.to + 1 - nowMs);
    const near: Refusal = late ?? { code: 'busy', message: NEAR_REFUSED, retryAfterMs };
    return again(packet.retain ? RETAINED : mark.id === undefined ? near : repeated);
  }
  if (packet.retain) return spend(RETAINED);
  if (signer?.ok === false) return spend({ code: signer.code, message: signer.why });
  if (late) return spend(late);
  if (isRepeated) return again(repeated);
  // What is proven counts, not what the request says of itself. What is wrong is never taken, and may be sent again by anybody: it counts for nobody.
  const request = requestOf(topic, signer ? { ...envelope.data, by: signer.name } : envelope.data);
  if ('code' in request) return spend(request, client);
  const retryAfterMs = limits.request(client, verb);
  if (retryAfterMs > 0) {
    const message = `too many requests ${verb.slice(0, 32)} of this client: send a new one in ${seconds(retryAfterMs)}`;
    return spend({ code: 'busy', message, retryAfterMs }, client);
  }
  switch (seen.admit(request.id, expiresMs, nowMs, trusted, owner)) {
    case 'repeated':
      return again(repeated);
    case 'full':
      return spend({ code: 'busy', message: FULL, retryAfterMs: FULL_RETRY_MS }, client);
    case 'new': {
      const proof = signer ? 'signed' : 'none';
      const { key } = raw.value as { readonly key?: unknown };
      const mayStill = () => keyring === undefined || keyring.may(key, rolesOf(verb), { gate: names.gate, madeMs });
      const lifeMs = expiresMs - nowMs;
      return { kind: 'accept', request, respondTo, client, proof, signer: signer?.name, lifeMs, mayStill };
    }
  }
}

const NEAR_REFUSED =
  'many of your requests for this were refused, made just before and just after this one, and so is this one: send a new one';
const SPAN_RETRY_MS = 1_000;
const FULL =
  'too many requests are remembered until they expire: send a new one in a minute, and give requests a life of a minute or less';
const FULL_RETRY_MS = 60_000;
const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

const RETAINED: Refusal = {
  code: 'retained',
  message:
    'a request must be sent without the retain flag; clear the topic at the broker with an empty retained message',
};

/** The envelope as it arrived: JSON, or MQTT 5 user properties around a payload that is the photo itself. */
function readEnvelope(packet: Packet, { verb }: RequestTopic): Parsed & { readonly tooLarge?: boolean } {
  const max = mayHoldPhoto(verb) ? ENROLL_PAYLOAD_MAX : PAYLOAD_MAX;
  const size = packet.payload.byteLength;
  const tooLarge = (bytes: number, what: string) => ({
    ok: false as const,
    tooLarge: true,
    why: `the payload has ${bytes} bytes${what && ` ${what}`}; ${verb.slice(0, 32)} takes at most ${what ? PAYLOAD_MAX : max}`,
  });
  if (size > max) return tooLarge(size, '');
  const properties = packet.properties;
  if (!mayHoldPhoto(verb) || properties === undefined || !Object.hasOwn(properties, 'v')) {
    const parsed = parseJson(packet.payload);
    // What is signed is written out and hashed before it is known whether that is worth it: only the photo may be large.
    const rest = parsed.ok ? size - photoTextBytes(parsed.value) : 0;
    return rest <= PAYLOAD_MAX ? parsed : tooLarge(rest, 'besides the photo');
  }
  const { v, args: argsText, name, ...envelope } = properties;
  const args = argsText === undefined ? { ok: true as const, value: {} } : parseJson(Buffer.from(argsText));
  if (!args.ok) return { ok: false, why: `user property args: ${args.why}` };
  if (typeof args.value !== 'object' || args.value === null || Array.isArray(args.value)) {
    return { ok: false, why: 'user property args must be a JSON object' };
  }
  const named = name === undefined ? {} : { name };
  return { ok: true, value: { ...envelope, v: Number(v), args: { ...named, ...args.value, photo: packet.payload } } };
}

/** Bytes of the photo in a request of JSON; base64 is one byte a character, and anything else is refused later. */
function photoTextBytes(value: unknown): number {
  const args = typeof value === 'object' && value !== null && 'args' in value ? value.args : undefined;
  const photo = typeof args === 'object' && args !== null && 'photo' in args ? args.photo : undefined;
  return typeof photo === 'string' ? photo.length : 0;
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

/** Of what arrived only a UUID, or a topic below the site's responses, ever stands in a topic. */
function responseTopic(packet: Packet, names: Names, id: string | undefined): string {
  const asked = packet.responseTopic;
  if (asked !== undefined && isResponseTopic(names, asked)) return asked;
  const topics = topicsOf(names);
  return id === undefined ? topics.unnamedResponse : topics.response(id);
}

function untimely(
  envelope: Envelope,
  { nowMs, startedMs, hearingMs, trusted }: RequestTime,
  verb: string,
): Refusal | undefined {
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
  if (opensDoor(verb) && hearingMs !== undefined && sent < hearingMs - CLOCKS_APART_MS) {
    return expired(
      `the request was sent at ${envelope.time}, before this gate was connected to the broker, so somebody has held it back; send a new one, and see that your clock is right: ${clock}`,
    );
  }
  return undefined;
}

/** How far the clocks of a client and a gate may be apart where both are right. */
const CLOCKS_APART_MS = 2_000;

function requestOf(topic: RequestTopic, { id, by, args }: Envelope): Request | Refusal {
  const { verb } = topic;
  if (!isVerb(verb)) {
    return { code: 'bad-request', message: `unknown verb "${printable(verb)}"; known are ${VERBS.join(', ')}` };
  }
  // Otherwise every gate would measure the one photo, and add a template of its own.
  if (mayHoldPhoto(verb) && topic.scope === 'site') {
    return { code: 'not-allowed', message: `send ${verb} to one gate: it shares its people with the others` };
  }
  const parsed = argsSchemas[verb].safeParse(args, { reportInput: true });
  if (!parsed.success) return { code: 'bad-request', message: whatIsWrong(parsed.error, 'args') };
  return { verb, args: parsed.data, id, by } as Request;
}

const printable = (verb: string): string => verb.slice(0, 32).replace(/[^\x20-\x7e]/g, '?');
