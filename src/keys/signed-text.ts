// pure
/** What is signed of a request, of a record and of what a gate says of itself: one line that says what it is and for whom, then its canonical JSON. */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** Where a request goes. Stands in what is signed, so that it opens no other gate and is no other verb. */
export interface RequestTarget {
  readonly site: string;
  /** `*` for a request to the whole site. */
  readonly gate: string;
  readonly verb: string;
}

/**
 * The text that is signed of a request: `kaimon-request-v1 SITE GATE VERB`, a line feed, and all fields but `signature` in canonical JSON. Of a photo its
 * SHA-256 stands in its place, `sha256:…` in hexadecimal: of the text in JSON as it is sent, or of the bytes where the payload is the photo.
 * @throws TypeError see {@link canonicalJson}
 */
export function requestText({ site, gate, verb }: RequestTarget, request: Readonly<Record<string, unknown>>): string {
  const { signature: _signature, ...signed } = request;
  const { args } = signed;
  const photo: unknown = isObject(args) ? args['photo'] : undefined;
  const short =
    isObject(args) && (typeof photo === 'string' || photo instanceof Uint8Array)
      ? { ...signed, args: { ...args, photo: `sha256:${createHash('sha256').update(photo).digest('hex')}` } }
      : signed;
  return `kaimon-request-v1 ${site} ${gate} ${verb}\n${canonicalJson(short)}`;
}

/**
 * The text that is signed of a retained record: `kaimon-record-v1 SITE KIND ID`, a line feed, and all fields but `signature`.
 * @param kind the last part of the topic before the id: `people`, `passages` @throws TypeError see {@link canonicalJson}
 */
export function recordText(site: string, kind: string, id: string, record: Readonly<Record<string, unknown>>): string {
  const { signature: _signature, ...signed } = record;
  return `kaimon-record-v1 ${site} ${kind} ${id}\n${canonicalJson(signed)}`;
}

/**
 * The text that is signed of what a gate says of itself: `kaimon-gate-v1 SITE GATE KIND`, a line feed, and all fields but `signature`.
 * @param kind the last part of its topic: `info` @throws TypeError see {@link canonicalJson}
 */
export function gateText(site: string, gate: string, kind: string, said: Readonly<Record<string, unknown>>): string {
  const { signature: _signature, ...signed } = said;
  return `kaimon-gate-v1 ${site} ${gate} ${kind}\n${canonicalJson(signed)}`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
