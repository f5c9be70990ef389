import { existsSync } from 'node:fs';
import type { Clock } from '../kit/clock.js';
import type { Endings } from '../kit/endings.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';
import type { Config } from './config.js';
import type { Environment } from './environment.js';
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

/** What the door is opened with: nothing that has to be waited for, the key least of all. */
export type DoorOpening = Omit<Opening, 'vault'>;

export const makeOpening = (parts: Omit<DoorOpening, 'warnings'>): DoorOpening => ({ ...parts, warnings: [] });

/**
 * So long the rest of a gate, its door at work, waits for a key that is not there yet: systemd starts the unit that brings it
 * (kaimon-seal.service, which has the same limit) together with the gate and not before it, for a TPM may hang.
 */
export const KEY_WAIT_MS = 10_000;
const LOOK_MS = 100;

/** What all but the door is opened with. A key that does not come is logged and told in the state; the gate goes on and knows nobody. */
export async function withKey(opening: DoorOpening, env: Environment): Promise<Opening> {
  const { config, log, warnings } = opening;
  const { sealKeyFile, oldSealKeyFiles } = config.storage;
  if (sealKeyFile !== null) await untilThere([sealKeyFile, ...oldSealKeyFiles], opening);
  const vault = openVault(config.storage, env);
  if (vault.fault) {
    log.error({ code: vault.fault.code }, vault.fault.message);
    warnings.push(`seal-key: ${vault.fault.message}`);
  }
  return { ...opening, vault };
}

/** Resolves when the files are there, nothing comes of waiting, or everything is closing. */
function untilThere(named: readonly string[], { clock, log, endings }: DoorOpening): Promise<void> {
  // A bare name is a credential of the unit: it is there from the beginning or never.
  const missing = () => named.filter((file) => file.includes('/') && !existsSync(file));
  const files = missing();
  if (files.length === 0) return Promise.resolve();
  log.info({ files }, 'the key is not there yet: the door is at work, the rest waits for it');
  let left = KEY_WAIT_MS;
  endings.first('the wait for the key', () => {
    left = 0;
  });
  return new Promise((resolve) => {
    const look = () => {
      left -= LOOK_MS;
      if (left <= 0 || missing().length === 0) resolve();
      else clock.after(LOOK_MS, look);
    };
    clock.after(LOOK_MS, look);
  });
}
