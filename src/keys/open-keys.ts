/** The keys of the site at this gate: the list that is in force, the gate's own key, the secret that seals what lies at the broker. */
import { readSealKey } from '../config/open-vault.js';
import type { Opening } from '../config/opening.js';
import { readSecret, secretPath } from '../config/secret.js';
import { messageOf, OperatingError } from '../kit/errors.js';
import { Keyring, type TrustVerdict } from './keyring.js';
import { RecordSeal } from './record-seal.js';
import { readSigningKey, type SigningKey } from './signing-key.js';
import { openTrustFile } from './trust-file.js';
import type { TrustList } from './trust-list.js';

export interface SiteKeys {
  readonly keyring: Keyring;
  /** Signs what this gate shares; undefined where it cannot be had: then it shares nothing. */
  readonly own: SigningKey | undefined;
  /** `locked`: a secret is asked for and cannot be had, so that nothing is shared and nothing sealed can be read. Undefined: nothing is sealed. */
  readonly seal: RecordSeal | 'locked' | undefined;
  /** Takes a list over, if it is newer, and keeps it. */
  take(document: unknown): TrustVerdict;
  /** What keeps this gate from taking part, in sentences. */
  readonly problems: readonly string[];
}

/** @param onTaken another list is in force @returns undefined where the site has no keys @throws OperatingError KAIMON_KEYS where a key of the site is none */
export async function openKeys(
  opening: Pick<Opening, 'config' | 'paths' | 'clock' | 'log' | 'endings' | 'warnings'>,
  onTaken: (list: TrustList) => void,
  env = process.env,
): Promise<SiteKeys | undefined> {
  const { config, clock, log } = opening;
  const { siteKeys, ownKeyFile, sealKeyFile, oldSealKeyFiles } = config.keys;
  if (siteKeys.length === 0) return undefined;
  const keyring = siteKeyring(config.site, siteKeys, () => clock.wall());
  const file = await openTrustFile(opening);
  const { list } = file.found;
  const kept = list === null ? undefined : keyring.take(list);
  if (kept?.kind === 'refused') log.error({ why: kept.why }, 'the list of keys on the disk is not taken');
  const faults: string[] = [];
  const orFault = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof OperatingError)) throw thrown;
      log.error({ why: thrown.message }, 'a key of this gate cannot be used');
      faults.push(`keys: ${thrown.message}`);
      return undefined;
    }
  };
  const own =
    ownKeyFile === null
      ? undefined
      : orFault(() => readSigningKey(readSecret(ownKeyFile, 'keys.ownKeyFile', env), secretPath(ownKeyFile, env)));
  const seal =
    sealKeyFile === null ? undefined : (orFault(() => recordSeal(sealKeyFile, oldSealKeyFiles, env)) ?? 'locked');
  return {
    keyring,
    own,
    seal,
    take: (document) => {
      const verdict = keyring.take(document);
      if (verdict.kind === 'taken' && keyring.text !== undefined) {
        const taken = JSON.parse(keyring.text) as Record<string, unknown>;
        file.save(() => ({ schema: 1, list: taken }));
        if (keyring.list) onTaken(keyring.list);
      }
      return verdict;
    },
    get problems() {
      return [...faults, ...standing(keyring, own, faults.length > 0)];
    },
  };
}

/** What knows the keys of a site, before any list. @throws OperatingError KAIMON_KEYS where a key of the site is none */
export function siteKeyring(site: string, siteKeys: readonly string[], now: () => number): Keyring {
  try {
    return new Keyring({ site, siteKeys, now });
  } catch (cause) {
    throw new OperatingError('KAIMON_KEYS', `a key of keys.siteKeys cannot be used: ${messageOf(cause)}`, { cause });
  }
}

function recordSeal(file: string, older: readonly string[], env: typeof process.env): RecordSeal {
  const others = older.map((each) => readSealKey(each, 'keys.oldSealKeyFiles', env));
  return new RecordSeal(readSealKey(file, 'keys.sealKeyFile', env), others);
}

function standing(keyring: Keyring, own: SigningKey | undefined, told: boolean): readonly string[] {
  const { list } = keyring;
  if (!list) return ['keys: no list of keys has arrived yet, so nobody is trusted: publish trust.json (docs/keys.md)'];
  if (!own)
    return told
      ? []
      : ['keys: this gate has no key of its own (keys.ownKeyFile), so other gates do not take its people'];
  const trusted = list.keys.find(({ id }) => id === own.id);
  if (!trusted)
    return [
      `keys: the key of this gate, ${own.id}, is not in the list: \`kaimon keys add --role gate --public ${own.publicKey}\``,
    ];
  if (keyring.isRevoked(trusted))
    return [`keys: the key of this gate, "${trusted.name}", is revoked since ${trusted.revoked}`];
  return trusted.roles.includes('gate') ? [] : [`keys: the key of this gate, "${trusted.name}", has not the role gate`];
}
