import type { SigningKey } from './signing-key.js';
import { type RequestTarget, requestText } from './signed-text.js';

/** A request with the two fields that prove who asks. @param request the envelope, without them */
export function signRequest<R extends Readonly<Record<string, unknown>>>(
  key: SigningKey,
  target: RequestTarget,
  request: R,
): R & { readonly key: string; readonly signature: string } {
  const unsigned = { ...request, key: key.id };
  return { ...unsigned, signature: key.sign(requestText(target, unsigned)) };
}
