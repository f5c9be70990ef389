// pure
/** The last file of a backup: what the others must be, and of which gate and moment they are. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hashSchema } from '../journal/entry.js';
import type { SignatureCheck, Signer } from '../journal/head.js';
import type { DocumentFormat } from '../kit/files/format.js';

export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'signature.json';

/** The formats of a backup. */
export const BACKUP_FORMAT: DocumentFormat = { name: 'the backup', key: 'schema', steps: [] };

/** Files in a backup, at most. */
export const MEMBERS_MAX = 100_000;

const memberSchema = z.strictObject({ name: z.string().max(99), bytes: z.int().min(0), sha256: hashSchema });

/** A site or a gate; names of folders are made of it. */
const nameSchema = z.string().regex(/^[a-z0-9_-]{1,32}$/);

export const manifestSchema = z.strictObject({
  schema: z.literal(1),
  kaimon: z.string().max(40),
  site: nameSchema,
  gate: nameSchema,
  time: z.iso.datetime(),
  /** Of the gate; null where it did not know its networks. */
  encoder: z.string().max(100).nullable(),
  people: z
    .strictObject({ enrolled: z.int().min(0), removed: z.int().min(0), latest: z.string().nullable() })
    .nullable(),
  /** The last entry, and what `kaimon audit verify` found then. */
  journal: z
    .strictObject({ entries: z.int().min(0), n: z.int().min(0), hash: hashSchema, faults: z.int().min(0) })
    .nullable(),
  members: z.array(memberSchema).max(MEMBERS_MAX),
});
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type Member = Manifest['members'][number];

const archiveFile = String.raw`(?:(?:head|checkpoint|erased)\.json|(?:personal/)?\d{12}\.jsonl)`;
const MEMBERS = [
  String.raw`(?:people|passages|clock|door-mode|calibration)\.json`,
  String.raw`kaimon\.yaml`,
  `journal/${archiveFile}`,
  `journal-archive/[a-z0-9_][a-z0-9_.-]{0,50}/${archiveFile}`,
  String.raw`evidence/[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.jpg`,
];
const MEMBER = new RegExp(`^(?:${MEMBERS.join('|')})$`);

/** Whether a backup may hold such a file: nothing outside the state folder, nothing that is run. */
export const isMember = (name: string): boolean => MEMBER.test(name) && !name.includes('..');

const signatureSchema = z.strictObject({ v: z.literal(1), key: z.string().max(32), signature: z.string().max(200) });

const signedText = (manifest: Uint8Array): string =>
  `kaimon-backup-v1 ${createHash('sha256').update(manifest).digest('hex')}\n`;

/** What proves that a gate made the backup: whoever has only its public encryption key can make a backup, and not this. */
export const signatureOf = (manifest: Uint8Array, signer: Signer): string =>
  `${JSON.stringify({ v: 1, key: signer.key, signature: signer.sign(signedText(manifest)) })}\n`;

export interface SignatureResult {
  readonly result: 'none' | 'unchecked' | 'valid' | 'invalid';
  /** Names the key that it says it is of. */
  readonly key?: string;
}

/** What a signature is checked with. */
export interface SignatureKeys {
  /** The key that must have signed it. */
  readonly check?: SignatureCheck | undefined;
  /** This gate's own key, which counts where it says that it is of that one. */
  readonly ownCheck?: SignatureCheck | undefined;
}

export function checkSignature(
  manifest: Uint8Array,
  signature: Buffer | undefined,
  keys: SignatureKeys,
): SignatureResult {
  if (!signature) return { result: 'none' };
  const { data } = signatureSchema.safeParse(parsed(signature));
  if (!data) return { result: 'invalid' };
  const check = keys.check ?? (keys.ownCheck?.key === data.key ? keys.ownCheck : undefined);
  if (!check) return { result: 'unchecked', key: data.key };
  return { result: check.verify(signedText(manifest), data.signature) ? 'valid' : 'invalid', key: data.key };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The caller says that it is invalid.
    return undefined;
  }
}
