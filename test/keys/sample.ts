import { Keyring } from '../../src/keys/keyring.js';
import type { SiteKeys } from '../../src/keys/open-keys.js';
import type { RecordSeal } from '../../src/keys/record-seal.js';
import { newSigningKey, type SigningKey } from '../../src/keys/signing-key.js';
import { type TrustedKey, type TrustList, trustText } from '../../src/keys/trust-list.js';

export const siteKey = newSigningKey().key;

/** A key as it stands in a list. */
export const trusted = (
  name: string,
  key: SigningKey,
  roles: TrustedKey['roles'],
  more: Partial<TrustedKey> = {},
): TrustedKey => ({
  id: key.id,
  name,
  publicKey: key.publicKey,
  roles,
  gates: null,
  revoked: null,
  ...more,
});

/** A list signed with the key of the site. */
export function listOf(keys: readonly TrustedKey[], changes: Partial<TrustList> = {}, by = siteKey): TrustList {
  const list = {
    v: 1 as const,
    site: 'home',
    serial: 1,
    issued: '2026-11-24T08:00:00.000Z',
    keys: [...keys],
    key: by.id,
    ...changes,
  };
  return { ...list, signature: by.sign(trustText(list)) };
}

export const keyringOf = (now: () => number = () => Date.UTC(2026, 10, 24, 9)): Keyring =>
  new Keyring({ site: 'home', siteKeys: [siteKey.publicKey], now });

/** The keys of a gate, kept nowhere. */
export function siteKeysOf(list: TrustList, own: SigningKey | undefined, seal?: RecordSeal | 'locked'): SiteKeys {
  const keyring = keyringOf(Date.now);
  keyring.take(list);
  return { keyring, own, seal, take: (document) => keyring.take(document), problems: [] };
}
