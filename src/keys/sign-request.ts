import { type RequestTarget, requestText } from './signed-text.js';
import type { SigningKey } from './signing-key.js';

/** A request with the two fields that prove who asks. @param key undefined where the site has none: then it stays as it is */
export function signedRequest(
  key: SigningKey | undefined,
  target: RequestTarget,
  request: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (!key) return request;
  const named = { ...request, key: key.id };
  return { ...named, signature: key.sign(requestText(target, named)) };
}
