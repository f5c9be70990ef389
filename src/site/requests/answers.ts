// pure
import type { ErrorCode, Response } from '../messages.js';
import type { Request } from './check-request.js';

/** Its life ended while it waited for its turn. */
export const tooLate = ({ id, verb }: Request, waitedMs: number): Response =>
  refusal(
    id,
    'expired',
    `its life ended while it waited ${Math.ceil(waitedMs / 1000)} s for its turn: ${verb} was not done; send fewer at a time, or with a longer life`,
  );

export const refusal = (id: string | null, code: ErrorCode, message: string, retryAfterMs?: number): Response => ({
  v: 1,
  id,
  ok: false,
  error: { code, message, ...(retryAfterMs !== undefined && { retryAfterMs }) },
});

/** The list of keys has changed while it waited for its turn. */
export const noLongerMay = ({ id, verb, by }: Request): Response =>
  refusal(
    id,
    'bad-signature',
    `the key of "${by}" may not ask for ${verb} any more: the list of keys has changed meanwhile`,
  );
