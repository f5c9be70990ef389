import { z } from 'zod';
import { whyNotTaken } from '../../kit/pictures/other-format.js';
import { pictureKind } from '../../kit/pictures/picture-header.js';
import { momentSchema, personIdSchema, personNameSchema, personSchema } from '../../person/person.js';
import { DOOR_MODES } from '../../schedule/door-mode.js';
import { photoOfText } from './photo-text.js';

/** Most people that one `people` answer lists. */
export const PEOPLE_PAGE_MAX = 200;

/** Most entries that one `journal` answer holds: with the longest ones 400 KB. */
export const JOURNAL_PAGE_MAX = 100;

/** A photo as it arrived. It begins like a format that is taken; nothing else is checked here. */
export const photoSchema = z.instanceof(Uint8Array).superRefine((bytes, context) => {
  if (!pictureKind(bytes))
    context.addIssue({ code: 'custom', message: `the photo cannot be used: ${whyNotTaken(bytes)}` });
});

/** base64 in JSON; bytes when the payload itself is the photo (MQTT 5). */
const photoArg = z
  .unknown()
  // What docs/asyncapi.yaml says of it.
  .meta({ type: 'string', contentEncoding: 'base64' })
  .transform((given, context) => {
    if (given instanceof Uint8Array) return given;
    const photo = typeof given === 'string' ? photoOfText(given) : { why: 'it is no text' };
    if ('bytes' in photo) return photo.bytes;
    const message = `give the base64 text of a JPEG, PNG or WebP file; ${photo.why}`;
    context.addIssue({ code: 'custom', message, input: given });
    return z.NEVER;
  })
  .pipe(photoSchema);
const fromArg = z.literal('camera', 'from: only "camera" is known').optional();
const oneSource = (args: { readonly photo?: unknown; readonly from?: unknown }): boolean =>
  (args.photo === undefined) !== (args.from === undefined);
const ONE_SOURCE = 'give either photo (base64 of a JPEG, PNG or WebP) or from: "camera"';

const enrollSchema = z
  .object({
    name: personNameSchema,
    id: personIdSchema.optional(),
    groups: personSchema.shape.groups.optional(),
    language: personSchema.shape.language.optional(),
    greeting: personSchema.shape.greeting.optional(),
    validFrom: momentSchema.nullable().optional(),
    validUntil: momentSchema.nullable().optional(),
    photo: photoArg.optional(),
    from: fromArg,
    force: z.boolean().optional(),
  })
  .refine(oneSource, ONE_SOURCE)
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
  snapshot: z.object({}),
  verify: z.object({ id: personIdSchema, photo: photoArg.optional(), from: fromArg }).refine(oneSource, ONE_SOURCE),
  resync: z.object({}),
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

export const isVerb = (verb: string): verb is Verb => Object.hasOwn(argsSchemas, verb);

/** Verbs that only ask. */
const ASKING: readonly Verb[] = ['people', 'ping', 'snapshot', 'verify', 'resync', 'journal'];
/** Whether a request of this verb must not be done twice. */
export const changesSomething = (verb: Verb): boolean => !ASKING.includes(verb);

/** Whether a request of this verb may let people through. */
export const opensDoor = (verb: string): boolean => verb === 'open' || verb === 'mode';

/** Verbs that move the door. */
const AT_THE_DOOR: readonly Verb[] = ['open', 'lock', 'mode'];
/**
 * Whether the answer says that the door has acted, and waits for no entry of the journal: a memory card may take half a second for one. That
 * the entry is on the disk is what its event says.
 */
export const answersAtOnce = (verb: Verb): boolean => AT_THE_DOOR.includes(verb);

/** Verbs whose payload may be a photo. */
export const mayHoldPhoto = (verb: string): boolean => verb === 'enroll' || verb === 'verify';

/**
 * How urgent a verb is. `safety`: it moves the door or takes somebody's access away, and has room of its own in everything that has a bound;
 * `slow`: it needs the eye and waits for its turn; `quick`: the others.
 */
export type Lane = 'safety' | 'quick' | 'slow';
const LANES: Readonly<Record<Verb, Lane>> = {
  open: 'safety',
  lock: 'safety',
  mode: 'safety',
  remove: 'safety',
  enroll: 'slow',
  verify: 'slow',
  snapshot: 'slow',
  people: 'quick',
  forgive: 'quick',
  ping: 'quick',
  resync: 'quick',
  journal: 'quick',
};

/** Undefined for a verb that nobody knows. */
export const laneOf = (verb: string): Lane | undefined => (isVerb(verb) ? LANES[verb] : undefined);
