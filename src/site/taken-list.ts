import type { TrustVerdict } from '../keys/keyring.js';
import { TRUST_BYTES_MAX, TRUST_VALUES_MAX } from '../keys/trust-list.js';
import { parseJson } from './bounded-json.js';

/** Gives a list of keys as it stands at the broker to who may take it. */
export function takeList(payload: Uint8Array, take: (document: unknown) => TrustVerdict): TrustVerdict {
  if (payload.byteLength > TRUST_BYTES_MAX)
    return { kind: 'refused', why: `it has ${payload.byteLength} bytes; at most ${TRUST_BYTES_MAX} are allowed` };
  const json = parseJson(payload, TRUST_VALUES_MAX);
  return json.ok ? take(json.value) : { kind: 'refused', why: json.why };
}
