import { z } from 'zod';
import { authorSchema, personIdSchema, personSchema, versionSchema } from '../person/person.js';

/** Bytes of a request's payload: enroll carries a photo, the others a few words. */
export const ENROLL_PAYLOAD_MAX = 8 * 1024 * 1024;
export const PAYLOAD_MAX = 16 * 1024;
/** A person's record: ten templates of 1024 numbers are 55 KB. */
export const RECORD_MAX = 96 * 1024;
/** One packet of any kind: the largest payload and room for topic and properties. */
export const PACKET_MAX = ENROLL_PAYLOAD_MAX + 64 * 1024;
/** One event, as JSON. */
export const EVENT_MAX = 4 * 1024;

/** A request lives this long at most, and may be this far ahead of the gate's clock. */
export const LIFETIME_MAX_MS = 5 * 60_000;

/**
 * Why a request was not done. The first two lines are the decision's reasons, which an enrolment can meet (DESIGN 6);
 * two are this project's additions to the contract's list.
 * `failed`: the gate tried, and its surroundings or code broke. `not-saved`: it was done and is in force, but the disk has not taken it.
 */
export const ERROR_CODES = [
  ...(['no-face', 'several-faces', 'too-small', 'low-quality', 'nobody', 'ambiguous', 'spoof'] as const),
  ...(['liveness-unknown', 'door-mode', 'door-fault', 'clock', 'lockout', 'cooldown', 'model-fault', 'stale'] as const),
  ...(['bad-request', 'too-large', 'expired', 'replayed', 'unsigned', 'bad-signature', 'retained', 'busy'] as const),
  ...(['duplicate-person', 'unknown-person', 'not-allowed', 'failed', 'not-saved'] as const),
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A handler throws this to refuse a request; anything else it throws is answered `failed`. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export const requestIdSchema = z.guid('id must be a UUID, such as uuidgen prints');

/** The envelope of every request, version 1. Unknown fields are ignored. */
export const envelopeSchema = z.object({
  v: z.literal(1, 'v: this gate speaks version 1 only'),
  id: requestIdSchema,
  time: z.iso.datetime('time must be ISO 8601 UTC, such as 2026-11-24T08:00:00.000Z'),
  expires: z.iso.datetime('expires must be ISO 8601 UTC, such as 2026-11-24T08:01:00.000Z'),
  by: z
    .string()
    .min(1)
    .max(64)
    .refine((text) => !/\p{Cc}/u.test(text), 'no control characters'),
  args: z.record(z.string(), z.unknown()).default({}),
});
export type Envelope = z.infer<typeof envelopeSchema>;

export const responseSchema = z.discriminatedUnion('ok', [
  z.object({ v: z.literal(1), id: requestIdSchema.nullable(), ok: z.literal(true), result: z.unknown() }),
  z.object({
    v: z.literal(1),
    id: requestIdSchema.nullable(),
    ok: z.literal(false),
    error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }),
  }),
]);
export type Response = z.infer<typeof responseSchema>;

export const eventSchema = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  n: z.int().min(1),
  time: z.iso.datetime(),
  type: z.string().regex(/^[a-z][a-z-]{0,39}$/),
});
export type EventFields = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | readonly number[]>
>;

/** `G/state`, retained. The last will is only `{"status":"offline"}`. */
export const stateSchema = z.object({
  status: z.enum(['online', 'degraded', 'offline']),
  door: z.object({ mode: z.string(), state: z.string() }).optional(),
  camera: z.string().optional(),
  eye: z.string().optional(),
  broker: z.string().optional(),
  problems: z.array(z.string()).optional(),
});

/** `G/info`, retained: the part that other gates read. */
export const infoSchema = z.looseObject({
  version: z.string(),
  people: z.object({
    revision: z.string(),
    count: z.int().min(0),
    hash: z.string(),
    /** Missing at gates of before. */
    buckets: z.int().optional(),
  }),
});

/** `G/digest`, retained: the gate's people in parts, for gates that know others. */
export const digestSchema = z.object({
  v: z.literal(1),
  hash: z.string(),
  /** One after the other, 16 hex digits each. */
  buckets: z.string().regex(/^[0-9a-f]{4096}$/),
});

/** A retained record under `S/people/`; that of a removed person may name the id in the topic only. */
export const recordSchema = z.union([
  z.object({
    removed: z.literal(true),
    version: versionSchema,
    id: personIdSchema.optional(),
    by: authorSchema.optional(),
  }),
  personSchema,
]);

/** The first things wrong with a value, as one sentence. */
export function whatIsWrong(error: z.ZodError, below = ''): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => {
      const path = [below, ...issue.path.map(String)].filter((part) => part !== '').join('.');
      return path === '' ? issue.message : `${path}: ${issue.message}`;
    })
    .join('; ');
}
