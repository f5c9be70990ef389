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
/** Bytes of a list as JSON, and values in it. */
export const TRUST_BYTES_MAX = 512 * 1024;
export const TRUST_VALUES_MAX = 40 * KEYS_MAX;

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

export const trustListSchema = z.object({
  v: z.literal(1, 'v: this version reads lists of version 1 only'),
  site: z.string().regex(nameShape),
  /** Grows with each change: a list never replaces one of a greater number. */
  serial: z.int().min(1),
  issued: z.iso.datetime(),
  keys: z
    .array(trustedKeySchema)
    .max(KEYS_MAX)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, 'a key stands in it twice')
    .refine((keys) => new Set(keys.map(({ name }) => name)).size === keys.length, 'a name stands in it twice'),
  /** Names the key of the site. */
  key: z.string().regex(KEY_ID),
  signature: z.string().regex(SIGNATURE),
});
export type TrustList = z.infer<typeof trustListSchema>;

/** What the key of the site signs. @param list with or without its signature, unknown fields included */
export function trustText(list: Readonly<Record<string, unknown>>): string {
  const { signature: _signature, ...signed } = list;
  return `kaimon-trust-v1 ${String(list['site'])}\n${canonicalJson(signed)}`;
}
