import { z } from 'zod';

/** Bounds of the people store. 10,000 × 3 templates is the promise on a Pi 4; these are the hard walls. */
export const PEOPLE_MAX = 50_000;
export const TEMPLATES_MAX = 10;

export const personIdSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    'an id has 1–64 characters of a–z, 0–9, "_", "-" and starts with a letter or digit',
  );

/** 1–80 characters, NFC, no control characters. Normalised here, so that two spellings are one name. */
export const personNameSchema = z
  .string()
  .transform((name) => name.normalize('NFC').trim())
  .refine((name) => name.length >= 1 && [...name].length <= 80, 'a name has 1–80 characters')
  .refine((name) => !/(?![\u200c\u200d])\p{C}/u.test(name), 'a name has no control characters');

export const languageSchema = z.enum(['en', 'zh-TW']);
export type Language = z.infer<typeof languageSchema>;

/** A day or a moment, as people give it; a day alone begins at midnight UTC. */
export const momentSchema = z
  .unknown()
  .meta({ type: 'string' })
  .transform((given, context): string => {
    const day = z.iso.date().safeParse(given);
    if (day.success) return `${day.data}T00:00:00.000Z`;
    const moment = z.iso.datetime().safeParse(given);
    if (moment.success) return moment.data;
    const message = 'give a day, such as 2026-12-31, or a moment in UTC, such as 2026-12-31T08:00:00Z';
    context.addIssue({ code: 'custom', message, input: given });
    return z.NEVER;
  });

/** `<encoder name>@<first 12 hex digits of its sha256>`: templates of different encoders are never compared. */
export const encoderIdSchema = z.string().regex(/^[a-z0-9-]{1,32}@[0-9a-f]{12}$/);

/** In place of the encoder's id where it is not known which encoder is in use: no template is of this one. */
export const NO_ENCODER = 'none@000000000000';

/** Hybrid logical clock: `<13-digit ms>-<4 hex counter>-<node>`; sorts as text. */
export const versionSchema = z.string().regex(/^\d{13}-[0-9a-f]{4}-[a-z0-9_-]{1,32}$/);

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

export const templateSchema = z.object({
  encoder: encoderIdSchema,
  /** base64 of little-endian float32; at most 1024 numbers. */
  vector: z.string().max(5464).regex(base64),
  quality: z.number().min(0).max(1),
  added: z.iso.datetime(),
});
export type StoredTemplate = z.infer<typeof templateSchema>;

/** Who made a record: a gate, a client, or the name that a request gives. */
export const authorSchema = z.string().min(1).max(64);

export const personSchema = z.object({
  id: personIdSchema,
  name: personNameSchema,
  language: languageSchema.nullable(),
  /** The person's own greeting in place of the language's phrase; `{name}` is replaced. */
  greeting: z.string().max(200).nullable(),
  groups: z.array(z.string().regex(/^[a-z0-9_-]{1,32}$/)).max(32),
  validFrom: z.iso.datetime().nullable(),
  validUntil: z.iso.datetime().nullable(),
  templates: z.array(templateSchema).max(TEMPLATES_MAX),
  version: versionSchema,
  /** The gate or client that wrote this version. */
  by: authorSchema,
});
export type Person = z.infer<typeof personSchema>;

export const tombstoneSchema = z.object({
  version: versionSchema,
  at: z.iso.datetime(),
  /** Who removed the person; missing in removals of before. */
  by: authorSchema.optional(),
  /** Nobody of this id was ever known at this gate. */
  stranger: z.literal(true).optional(),
  /** Made while the clock was not trusted: to be dated once it is. */
  undated: z.literal(true).optional(),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;
