import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { findConfigFile, loadConfig } from '../config/load.js';
import { openVault, readSealKey } from '../config/open-vault.js';
import { networksFolder, type Paths, resolvePaths } from '../config/paths.js';
import { OperatingError } from '../kit/errors.js';
import { createLog, type Log } from '../kit/log.js';
import type { SealKey } from '../kit/sealing/seal-key.js';
import { Vault } from '../kit/sealing/vault.js';
import { calibrationFile } from '../models/calibration.js';

/** Options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly state?: string;
  readonly json?: boolean;
  readonly sealKey?: string;
}

/** What a command works with. */
export interface Context {
  readonly config: Config;
  /** The file that was read; null where there was none. */
  readonly configFile: string | null;
  readonly paths: Paths;
  readonly peopleFile: string;
  readonly calibrationFile: string;
  /** Where networks lie that were added. */
  readonly networks: string;
  readonly log: Log;
  /** How people are kept on the disk; locked where the key cannot be had from here. */
  readonly vault: Vault;
}

/** Loads the configuration as the daemon would. @param overrides by key, from the command's own options */
export function contextOf(options: CommonOptions, overrides: Readonly<Record<string, unknown>> = {}): Context {
  const { config, file } = loadConfig({ file: options.config, env: process.env, overrides });
  const paths = resolvePaths({ env: process.env, stateOption: options.state, configFile: file });
  let vault: Vault | undefined;
  return {
    config,
    configFile: file,
    paths,
    peopleFile: join(paths.state, 'people.json'),
    calibrationFile: calibrationFile(paths.state),
    networks: networksFolder(paths.state),
    log: createLog('warn', 'kaimon'),
    // Read by those who need it: `run` opens its door before the key.
    get vault() {
      vault ??= vaultOf(config, options);
      return vault;
    },
  };
}

/** Where networks lie that were added, whatever else is wrong with the configuration. @throws OperatingError KAIMON_PATHS */
export function networksOf({ config, state }: Pick<CommonOptions, 'config' | 'state'>): string {
  const configFile = findConfigFile(config, process.env);
  return networksFolder(resolvePaths({ env: process.env, stateOption: state, configFile }).state);
}

/** @throws OperatingError KAIMON_SEAL_KEY where `--seal-key` names no key */
export function vaultOf({ storage }: Config, { sealKey }: CommonOptions): Vault {
  if (sealKey === undefined) return openVault(storage, process.env);
  const older = storage.oldSealKeyFiles.flatMap((file) => keyIfReadable(file));
  const vault = Vault.sealing(readSealKey(sealKey, '--seal-key', process.env), older);
  return storage.refusePlain ? vault.refusingPlain() : vault;
}

/** Of older keys those that can be had: what needs another one says so. */
function keyIfReadable(file: string): readonly SealKey[] {
  try {
    return [readSealKey(file, 'storage.oldSealKeyFiles', process.env)];
  } catch (thrown) {
    if (thrown instanceof OperatingError) return [];
    throw thrown;
  }
}

/** One JSON document with `--json`, otherwise the lines for people. */
export function print(options: CommonOptions, json: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`);
}

/** Examples below a command's help. */
export const example = (...lines: string[]): string => `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
