import type { SignatureVerdict } from '../../keys/keyring.js';
import type { SiteKeys } from '../../keys/open-keys.js';
import { recordText } from '../../keys/signed-text.js';
import { ROLES, type Role } from '../../keys/trust-list.js';
import { isRemovalStamp } from '../../store/merge.js';
import { parseJson } from '../bounded-json.js';
import { RECORD_MAX } from '../messages.js';
import type { ReceivedRecord, SharedRecords } from './shared-records.js';

/** A sealed record is a third larger than a plain one. */
const GUARDED_MAX = Math.ceil((RECORD_MAX * 4) / 3) + 1024;

export interface Guarding {
  readonly site: string;
  /** The part of the topic before the id: `people`, `passages`. */
  readonly kind: string;
  readonly keys: Pick<SiteKeys, 'keyring' | 'own' | 'seal'>;
  /** Who may have signed a record of this stamp: what was read counts, not what the record says of itself. */
  readonly roles: (stamp: string) => readonly Role[];
  /** Whether a record of this stamp is sealed while it lies at the broker. */
  readonly sealed: (stamp: string) => boolean;
}

/**
 * Records that are taken only when somebody has signed them who may, and that this gate signs, and seals, when it shares them. What the
 * broker holds of what this gate knows already, unsigned, badly signed or not sealed as it should be, is written there anew.
 */
export function guardedRecords<R>(records: SharedRecords<R>, guarding: Guarding): SharedRecords<R> {
  return {
    ...records,
    read: (id, payload) =>
      payload.byteLength === 0 ? records.read(id, payload) : read(records, guarding, id, payload),
    text: (id) => {
      const [text, stamp] = [records.text(id), records.stamp(id)];
      return text === undefined || stamp === undefined ? undefined : guarded(guarding, id, text, stamp);
    },
  };
}

function read<R>(records: SharedRecords<R>, guarding: Guarding, id: string, payload: Uint8Array): ReceivedRecord<R> {
  const { site, kind, keys, roles } = guarding;
  if (payload.byteLength > GUARDED_MAX)
    return junk(`the record has ${payload.byteLength} bytes; at most ${GUARDED_MAX} are allowed`);
  const json = parseJson(payload);
  if (!json.ok) return junk(json.why);
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))
    return junk('the record is no JSON object');
  const outer = json.value as Readonly<Record<string, unknown>>;
  const { key, signature } = outer;
  const signed = keys.keyring.check({ key, signature, text: () => recordText(site, kind, id, outer) }, ROLES);
  // Told apart: junk without end must not hide what somebody of the site has signed and no gate can take, nor what a stolen key signs.
  const refuse = (why: string) => refused(signed, why);
  const opened = 'sealed' in outer ? unsealed(guarding, id, outer) : { bytes: payload, current: undefined };
  if (typeof opened === 'string') return refuse(opened);
  const received = records.read(id, opened.bytes);
  if (received.kind === 'empty') return received;
  if (received.kind === 'invalid') return refuse(received.why);
  const { stamp } = received;
  const why = signed.ok ? whyMayNot(signed, roles(stamp)) : signed.why;
  if (why !== undefined)
    return received.kind === 'same' || received.kind === 'older' ? { kind: 'stale', stamp } : refuse(why);
  if (
    signed.ok &&
    received.kind === 'newer' &&
    !signed.roles.includes('gate') &&
    authorOf(received.record) !== signed.name
  )
    return invalid(
      `"${signed.name}" has signed it, and its author (by) is another; only gates sign what others have done`,
    );
  const current = opened.current ?? !(keys.seal && guarding.sealed(stamp));
  return received.kind === 'same' && !current ? { kind: 'stale', stamp } : received;
}

const whyMayNot = (
  { name, roles }: { readonly name: string; readonly roles: readonly Role[] },
  needed: readonly Role[],
): string | undefined =>
  needed.some((role) => roles.includes(role))
    ? undefined
    : `"${name}" has the roles ${roles.join(', ')}; needed is ${needed.join(' or ')}`;

/** @returns a sentence where it does not open */
function unsealed(
  { site, kind, keys }: Guarding,
  id: string,
  { version, sealed }: Readonly<Record<string, unknown>>,
): { readonly bytes: Uint8Array; readonly current: boolean } | string {
  if (keys.seal === undefined || keys.seal === 'locked')
    return 'the record is sealed, and this gate has not the secret of the site (keys.sealKeyFile)';
  if (typeof version !== 'string' || typeof sealed !== 'string') return 'version and sealed must be texts';
  const text = keys.seal.open({ site, kind, id, version }, sealed);
  if (text === undefined)
    return 'the record does not open: it was changed, or its secret is none of this gate (keys.oldSealKeyFiles)';
  return { bytes: Buffer.from(text), current: keys.seal.isCurrent(sealed) };
}

/** @returns undefined where this gate cannot share it as it should be */
function guarded({ site, kind, keys, sealed }: Guarding, id: string, text: string, stamp: string): string | undefined {
  const { own, seal } = keys;
  if (!own || seal === 'locked') return undefined;
  const record = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const version = String(record['version']);
  const hidden = seal && sealed(stamp) ? { id, version, sealed: seal.seal({ site, kind, id, version }, text) } : record;
  const signed = { ...hidden, key: own.id };
  return JSON.stringify({ ...signed, signature: own.sign(recordText(site, kind, id, signed)) });
}

const authorOf = (record: unknown): unknown =>
  typeof record === 'object' && record !== null && 'by' in record ? record.by : undefined;

/** By whose signature it is, if it is one that is right. */
function refused(signed: SignatureVerdict, why: string): ReceivedRecord<never> {
  if (signed.ok || signed.code === 'not-allowed') return invalid(why);
  return signed.name === undefined ? junk(why) : { kind: 'invalid', why: signed.why, signer: 'revoked' };
}

const invalid = (why: string) => ({ kind: 'invalid', why }) as const;
const junk = (why: string) => ({ kind: 'invalid', why, signer: 'unsigned' }) as const;

/** A record of people: a removal by who may remove, a person by who may enrol, both by gates. */
export const peopleRoles = (stamp: string): readonly Role[] =>
  isRemovalStamp(stamp) ? ['gate', 'remove', 'admin'] : ['gate', 'enrol', 'admin'];
/** A removal tells of nobody. */
export const peopleSealed = (stamp: string): boolean => !isRemovalStamp(stamp);
/** Where people went, only gates know. */
export const passageRoles = (): readonly Role[] => ['gate'];
