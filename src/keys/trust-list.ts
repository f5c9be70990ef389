// pure
/** Whom a site trusts with what: a list of public keys, signed with the key of the site, which is not on any gate. */
import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import { KEY_ID, PUBLIC_KEY, SIGNATURE } from './signing-key.js';

/**
 * What a key may ask for. `gate`: it is a gate of the site, and may share people, removals and passages. `admin`: everything but that.
 */
export const ROLES = ['enrol', 'open', 'remove', 'read', 'admin', 'gate'] as const;
export type Role = (typeof ROLES)[number];

/** Keys of one list. */
export const KEYS_MAX = 500;
/**
 * Bytes of a list as JSON, and values in it (commas and brackets). The largest list has 500 keys with all six roles, each for seven gates, or half as
 * many, each for fifteen: 20 values and half a KiB a key. Whoever may write at the broker can have this gate read so much, whether it is signed or not.
 */
export const TRUST_BYTES_MAX = KEYS_MAX * 512;
export const TRUST_VALUES_MAX = KEYS_MAX * 20;

const nameShape = /^[a-z0-9_-]{1,32}$/;

export const trustedKeySchema = z.object({
  id: z.string().regex(KEY_ID),
  name: z.string().regex(nameShape, 'a name has 1–32 characters of a–z, 0–9, "_", "-"'),
  publicKey: z.string().regex(PUBLIC_KEY),
  roles: z.array(z.enum(ROLES)).max(ROLES.length),
  /** The gates that it may ask; null for all of them. */
  gates: z.array(z.string().regex(nameShape)).max(100).nullable().default(null),
  /** From then on nothing of it counts; null while it is good. */
  revoked: z.iso.datetime().nullable().default(null),
});
export type TrustedKey = z.infer<typeof trustedKeySchema>;

/** What is looked at before the signature: whose list it is, whether it is newer, and who says that they have signed it. */
export const trustHeadSchema = z.object({
  v: z.literal(1, 'v: this version reads lists of version 1 only'),
  site: z.string().regex(nameShape),
  /** Grows with each change: a list never replaces one of a greater number. */
  serial: z.int().min(1),
  /** Names the key of the site. */
  key: z.string().regex(KEY_ID),
  signature: z.string().regex(SIGNATURE),
});
export type TrustHead = z.infer<typeof trustHeadSchema>;

export const trustListSchema = z.object({
  ...trustHeadSchema.shape,
  issued: z.iso.datetime(),
  keys: z
    .array(trustedKeySchema)
    .max(KEYS_MAX)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'a key stands in it twice')
    .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, 'a name stands in it twice'),
});
export type TrustList = z.infer<typeof trustListSchema>;

/** What the key of the site signs. @param list with or without its signature, unknown fields included */
export function trustText(list: Readonly<Record<string, unknown>>): string {
  const { signature: _signature, ...signed } = list;
  return `kaimon-trust-v1 ${String(list['site'])}\n${canonicalJson(signed)}`;
}

/** Why a list is larger than gates take it; undefined where it is not. @param text a list as JSON: no name in it has a comma or a bracket */
export function whyTooLarge(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > TRUST_BYTES_MAX) return `it has ${bytes} bytes, and gates take ${TRUST_BYTES_MAX} at most`;
  const values = text.split(/[,[{]/).length;
  return values > TRUST_VALUES_MAX
    ? `it holds ${values} values, and gates take ${TRUST_VALUES_MAX} at most`
    : undefined;
}
