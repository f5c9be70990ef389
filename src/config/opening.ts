import type { Clock } from '../kit/clock.js';
import type { Endings } from '../kit/endings.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import type { Config } from './config.js';
import { openVault } from './open-vault.js';
import type { Paths } from './paths.js';

/** What the parts of a gate are opened with: how they shall be, and where they note how they end. */
export interface Opening {
  readonly config: Config;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly log: Log;
  readonly endings: Endings;
  /** How what tells of people is kept on the disk. */
  readonly vault: Vault;
  /** What was found on the way that somebody must know of until the next start, in sentences for the state. */
  readonly warnings: string[];
}

/** What a gate is opened with; the key of its files is read here. A missing one is logged and told in the state. */
export function makeOpening(parts: Omit<Opening, 'vault' | 'warnings'>): Opening {
  const vault = openVault(parts.config.storage, process.env);
  if (!vault.fault) return { ...parts, vault, warnings: [] };
  parts.log.error({ code: vault.fault.code }, vault.fault.message);
  return { ...parts, vault, warnings: [`seal-key: ${vault.fault.message}`] };
}
