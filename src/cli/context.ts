import { join } from 'node:path';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { type Paths, resolvePaths } from '../config/paths.js';
import { createLog, type Log } from '../kit/log.js';
import { calibrationFile } from '../models/calibration.js';

/** Options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly state?: string;
  readonly json?: boolean;
}

/** What a command works with. */
export interface Context {
  readonly config: Config;
  /** The file that was read; null where there was none. */
  readonly configFile: string | null;
  readonly paths: Paths;
  readonly peopleFile: string;
  readonly calibrationFile: string;
  readonly log: Log;
}

/** Loads the configuration as the daemon would. @param overrides by key, from the command's own options */
export function contextOf(options: CommonOptions, overrides: Readonly<Record<string, unknown>> = {}): Context {
  const { config, file } = loadConfig({ file: options.config, env: process.env, overrides });
  const paths = resolvePaths({ env: process.env, stateOption: options.state, configFile: file });
  return {
    config,
    configFile: file,
    paths,
    peopleFile: join(paths.state, 'people.json'),
    calibrationFile: calibrationFile(paths.state),
    log: createLog('warn', 'kaimon'),
  };
}

/** One JSON document with `--json`, otherwise the lines for people. */
export function print(options: CommonOptions, json: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json ? `${JSON.stringify(json)}\n` : `${lines.join('\n')}\n`);
}

/** Examples below a command's help. */
export const example = (...lines: string[]): string => `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
