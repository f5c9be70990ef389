import { type CheckedConfig, checkConfig } from '../../src/config/check.js';
import type { Environment } from '../../src/config/environment.js';
import { ConfigError } from '../../src/config/problem.js';
import { parseYaml } from '../../src/config/yaml.js';

/** A configuration whose file `kaimon.yaml` has this text. */
export const given = (
  text: string,
  env: Environment = {},
  options: Readonly<Record<string, unknown>> = {},
): CheckedConfig => checkConfig({ file: { ...parseYaml(text, 'kaimon.yaml'), name: 'kaimon.yaml' }, env, options });

/** The lines of the error that `act` throws; empty when it throws none. */
export function mistakes(act: () => unknown): readonly string[] {
  try {
    act();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}
