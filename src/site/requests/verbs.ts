import { z } from 'zod';
import { whyNotTaken } from '../../kit/pictures/other-format.js';
import { pictureKind } from '../../kit/pictures/picture-header.js';
import { personIdSchema, personNameSchema, personSchema } from '../../person/person.js';
import { DOOR_MODES } from '../../schedule/door-mode.js';

/** Most people that one `people` answer lists. */
export const PEOPLE_PAGE_MAX = 200;

/** Most entries that one `journal` answer holds: with the longest ones 400 KB. */
export const JOURNAL_PAGE_MAX = 100;

/** A photo as it arrived. It begins like a format that is taken; nothing else is checked here. */
export const photoSchema = z.instanceof(Uint8Array).superRefine((bytes, context) => {
  if (!pictureKind(bytes))
    context.addIssue({ code: 'custom', message: `the photo cannot be used: ${whyNotTaken(bytes)}` });
});

const base64Photo = z
  .string()
  .regex(/^[A-Za-z0-9+/\r\n]+={0,2}\s*$/, 'the photo is not base64 text')
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

const enrollSchema = z
  .object({
    name: personNameSchema,
    id: personIdSchema.optional(),
    groups: personSchema.shape.groups.optional(),
    language: personSchema.shape.language.optional(),
    greeting: personSchema.shape.greeting.optional(),
    validFrom: personSchema.shape.validFrom.optional(),
    validUntil: personSchema.shape.validUntil.optional(),
    /** base64 in JSON; bytes when the payload itself is the photo (MQTT 5). */
    photo: z
      .union([z.instanceof(Uint8Array), base64Photo])
      .pipe(photoSchema)
      .optional(),
    from: z.literal('camera', 'from: only "camera" is known').optional(),
    force: z.boolean().optional(),
  })
  .refine(
    (args) => (args.photo === undefined) !== (args.from === undefined),
    'give either photo (base64 of a JPEG, PNG or WebP) or from: "camera"',
  )
  .refine(
    ({ validFrom, validUntil }) => !validFrom || !validUntil || Date.parse(validFrom) < Date.parse(validUntil),
    'validUntil must be later than validFrom',
  );

const reasonSchema = z
  .string()
  .max(200)
  .refine((text) => !/\p{Cc}/u.test(text), 'no control characters');

/** What each verb of this version takes. */
export const argsSchemas = {
  enroll: enrollSchema,
  remove: z.object({
    id: personIdSchema,
    /** Also take the person out of this gate's journal. */
    erase: z.boolean().optional(),
  }),
  people: z.object({
    offset: z.int().min(0).default(0),
    limit: z.int().min(1).max(PEOPLE_PAGE_MAX).default(PEOPLE_PAGE_MAX),
  }),
  forgive: z.object({ id: personIdSchema }),
  open: z.object({ reason: reasonSchema.optional() }),
  lock: z.object({ reason: reasonSchema.optional() }),
  mode: z.object({
    mode: z.enum(DOOR_MODES, `mode must be one of ${DOOR_MODES.join(', ')}`),
    reason: reasonSchema.optional(),
  }),
  ping: z.object({}),
  journal: z
    .object({
      /** The number of the first entry that is wanted. */
      from: z.int().min(1).optional(),
      since: z.iso.datetime('since must be ISO 8601 UTC, such as 2026-11-24T08:00:00Z').optional(),
      limit: z.int().min(1).max(JOURNAL_PAGE_MAX).default(JOURNAL_PAGE_MAX),
    })
    .refine((args) => (args.from ?? args.since) !== undefined, 'give from (the number of an entry) or since (a time)'),
} as const;

export type Verb = keyof typeof argsSchemas;
type ArgsByVerb = { readonly [V in Verb]: z.output<(typeof argsSchemas)[V]> };
/** The arguments of a verb, once checked. */
export type ArgsOf<V extends Verb> = ArgsByVerb[V];

export const VERBS = Object.keys(argsSchemas) as readonly Verb[];
/** Verbs of the contract that this version does not know yet. */
export const LATER_VERBS: readonly string[] = ['snapshot', 'verify', 'resync'];

export const isVerb = (verb: string): verb is Verb => Object.hasOwn(argsSchemas, verb);

/** Verbs that only ask. */
const ASKING: readonly Verb[] = ['people', 'ping', 'journal'];
/** Whether a request of this verb must not be done twice. */
export const changesSomething = (verb: Verb): boolean => !ASKING.includes(verb);
