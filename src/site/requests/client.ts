// pure
import type { Envelope } from '../messages.js';

/**
 * Who a request counts for, in limits and in the queue: the key that has signed it. Where nothing is signed this is the name that the
 * request gives, which anybody may take: limits then keep apart those who are honest.
 */
export const clientOf = ({ by }: Pick<Envelope, 'by'>, signer: { readonly name?: string } | undefined): string =>
  signer?.name !== undefined ? `key:${signer.name}` : `by:${by}`;

/** Who cannot be told: what arrived is no request. */
export const UNKNOWN_CLIENT = 'unknown';
