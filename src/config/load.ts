import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { messageOf, OperatingError } from '../kit/errors.js';
import { type CheckedConfig, checkConfig } from './check.js';
import { type Environment, readEnvironment } from './environment.js';
import { ConfigError } from './problem.js';
import { parseYaml } from './yaml.js';

/** Where an installed Kaimon has its configuration. */
export const INSTALLED_FILE = '/etc/kaimon/kaimon.yaml';

/** Largest configuration file that is read. */
export const FILE_BYTES_MAX = 256 * 1024;

export interface LoadOptions {
  /** From `--config`; otherwise `KAIMON_CONFIG`, otherwise the installed file if there is one, otherwise none. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** From the command line, by key: `{ 'camera.kind': 'replay' }`. Undefined values are not given. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
}

export interface LoadedConfig extends CheckedConfig {
  /** The file that was read, or null where there was none. */
  readonly file: string | null;
}

/** The file to read, or null where none is named and none installed. */
export function findConfigFile(option: string | undefined, env: Environment): string | null {
  const named = option ?? (env['KAIMON_CONFIG'] || undefined);
  return named ?? (existsSync(INSTALLED_FILE) ? INSTALLED_FILE : null);
}

const fileError = (file: string, cause: unknown): OperatingError => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const advice = 'name another with --config, or copy config/kaimon.yaml there';
    return new OperatingError('KAIMON_CONFIG_FILE', `there is no configuration file ${file}: ${advice}`, {
      cause,
    });
  }
  const what = `cannot read the configuration file ${file} (${messageOf(cause)}): let this user read it`;
  return new OperatingError('KAIMON_CONFIG_FILE', what, { cause, trouble: 'environment' });
};

function readBytes(file: string): Buffer {
  let handle: number;
  try {
    // Non-blocking: a named pipe would otherwise block the start forever.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw fileError(file, cause);
  }
  try {
    const { size } = fstatSync(handle);
    const isFile = fstatSync(handle).isFile();
    if (!isFile || size > FILE_BYTES_MAX) {
      const found = isFile ? `it has ${size} bytes` : 'it is not a plain file';
      const message = `cannot use ${file} as configuration: ${found}; a file of at most ${FILE_BYTES_MAX} bytes is needed`;
      throw new OperatingError('KAIMON_CONFIG_FILE', message);
    }
    return readFileSync(handle);
  } catch (cause) {
    throw cause instanceof OperatingError ? cause : fileError(file, cause);
  } finally {
    closeSync(handle);
  }
}

function readText(file: string): string {
  const bytes = readBytes(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const origin = { kind: 'file', file, line: null } as const;
    throw new ConfigError([{ path: '', origin, message: 'the text is not UTF-8: save it as UTF-8' }], { cause });
  }
}

/**
 * The configuration from defaults, file, environment and command line; later ones win.
 * @throws ConfigError (KAIMON_CONFIG) naming every mistake; OperatingError (KAIMON_CONFIG_FILE) where the file cannot be read.
 */
export function loadConfig({ file, env, overrides }: LoadOptions): LoadedConfig {
  const name = findConfigFile(file, env);
  const parsed = name === null ? null : { ...parseYaml(readText(name), name), name };
  return { ...checkConfig({ file: parsed, env, options: overrides ?? {} }), file: name };
}

/**
 * One section as it is written in file and environment, nothing of it checked: the rest may be of a version that this one refuses.
 * @returns undefined where the file cannot be read or is none
 */
export function sectionAsWritten(section: string, { file, env }: Pick<LoadOptions, 'file' | 'env'>): unknown {
  const name = findConfigFile(file, env);
  let tree: unknown;
  try {
    if (name !== null) tree = parseYaml(readText(name), name).tree;
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return undefined;
  }
  const written = (tree as Readonly<Record<string, unknown>> | null | undefined)?.[section];
  const overrides = readEnvironment(env).overrides.filter(({ path }) => path[0] === section && path.length === 2);
  const set = Object.fromEntries(overrides.map(({ path, value }) => [path[1], value]));
  return typeof written === 'object' ? { ...written, ...set } : set;
}
