import { z } from 'zod';
import { authorSchema, personIdSchema, personSchema, versionSchema } from '../person/person.js';

/** Bytes of a request's payload: enroll carries a photo, the others a few words. */
export const ENROLL_PAYLOAD_MAX = 8 * 1024 * 1024;
export const PAYLOAD_MAX = 16 * 1024;
/** A person's record: ten templates of 1024 numbers are 55 KB. */
export const RECORD_MAX = 96 * 1024;
/** One packet of any kind: the largest payload and room for topic and properties. */
export const PACKET_MAX = ENROLL_PAYLOAD_MAX + 64 * 1024;
/** Properties of one message in MQTT 5, user properties most of all: some milliseconds to read. */
export const PROPERTIES_MAX = 16 * 1024;
/** A packet that is no message: the largest is the answer to a subscription of 500 topics. */
export const CONTROL_MAX = 64 * 1024;
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

/** Of a request that had to wait for its turn: how many were ahead of it, and for how long it waited. */
const queuedSchema = z.object({ ahead: z.int().min(0), waitedMs: z.int().min(0) });

export const responseSchema = z.discriminatedUnion('ok', [
  z.object({
    v: z.literal(1),
    id: requestIdSchema.nullable(),
    ok: z.literal(true),
    result: z.unknown(),
    queue: queuedSchema.optional(),
  }),
  z.object({
    v: z.literal(1),
    id: requestIdSchema.nullable(),
    ok: z.literal(false),
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      /** With `busy`: when a new request is likely to be taken. */
      retryAfterMs: z.int().min(0).optional(),
    }),
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

/** Which machine and which run of the daemon a message is of: two gates of one name write the same topics. */
export const instanceSchema = z.object({
  /** The same after each start of this gate. */
  machine: z.string().max(64),
  /** Another after each start. */
  boot: z.string().max(64),
  /** Connections to the broker since the start. */
  connection: z.int().min(0),
});
export type Instance = Readonly<z.infer<typeof instanceSchema>>;

/** `G/info`, retained: the part that other gates read. Gates of earlier releases give no `instance`. */
export const infoSchema = z.looseObject({
  version: z.string(),
  instance: instanceSchema.optional().catch(undefined),
  /** Where the site has keys: when it was signed, the gate's key and its signature. */
  at: z.iso.datetime().optional().catch(undefined),
  key: z.string().optional().catch(undefined),
  signature: z.string().optional().catch(undefined),
  people: z.object({
    revision: z.string(),
    count: z.int().min(0),
    hash: z.string(),
    /** Missing at gates of before. */
    buckets: z.int().optional(),
  }),
});

export type Info = z.infer<typeof infoSchema>;

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

/** Keys of what tells of a person: their values are described, not repeated, since refusals stand in the log. */
const PRIVATE: readonly unknown[] = ['name', 'greeting', 'photo', 'reason', 'by'];
/** Characters that a refusal repeats of a value. */
const FOUND_MAX = 40;

/**
 * The first things wrong with a value, as one sentence: where, what is allowed, and what was found where the value was parsed with
 * `reportInput`.
 */
export function whatIsWrong(error: z.ZodError, below = ''): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => {
      const path = [below, ...issue.path.map((part) => String(part).slice(0, FOUND_MAX))].filter((part) => part !== '');
      const found = foundIn(issue);
      const said = `${allowedIn(issue)}${found === undefined ? '' : ` (found: ${found})`}`;
      return path.length === 0 ? said : `${path.join('.')}: ${said}`;
    })
    .join('; ');
}

/** A union of kinds says what each of them allows. */
function allowedIn(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return issue.message;
  const kinds = issue.errors.flatMap(([first]) => (first === undefined ? [] : [first.message]));
  return kinds.length === 0 ? issue.message : [...new Set(kinds)].slice(0, 4).join(', or ');
}

function foundIn(issue: z.core.$ZodIssue): string | undefined {
  if (!('input' in issue)) return undefined;
  const { input } = issue;
  if (input === undefined) return 'nothing';
  if (input instanceof Uint8Array) return `${input.byteLength} bytes`;
  if (Array.isArray(input)) return `a list of ${input.length}`;
  // What is in it is named where it is wrong itself.
  if (typeof input === 'object' && input !== null) return undefined;
  if (typeof input !== 'string') return String(input).slice(0, FOUND_MAX);
  if (PRIVATE.includes(issue.path.at(-1)) || input.length > FOUND_MAX) return `a text of ${input.length} characters`;
  return JSON.stringify(input.replace(/[^\x20-\x7e]/g, '?'));
}
