// pure
import type { Envelope } from '../messages.js';

/**
 * Who a request counts for, in limits and in the queue. This is the name that the request gives, which anybody may take as long as requests
 * are not signed: limits keep apart those who are honest, and one name from filling what is there for all.
 */
export const clientOf = ({ by }: Pick<Envelope, 'by'>): string => `by:${by}`;

/** Who cannot be told: what arrived is no request. */
export const UNKNOWN_CLIENT = 'unknown';
