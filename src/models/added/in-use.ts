import type { Config } from '../../config/config.js';
import { loadConfig } from '../../config/load.js';
import { SHARED_NETWORKS, serviceConfigs } from '../../config/paths.js';

/** Whose configuration names an encoder, by the encoder's name. */
export type InUse = ReadonlyMap<string, string>;

/**
 * The encoders that configurations name: the one in force, and where the networks are those of all services of this computer each of theirs.
 * @param configs of the services; for tests
 */
export function encodersInUse(
  { encoder }: Pick<Config, 'encoder'>,
  networks: string,
  configs: () => readonly string[] = serviceConfigs,
): InUse {
  const found = new Map<string, string>();
  for (const file of networks === SHARED_NETWORKS ? configs() : []) {
    const named = encoderIn(file);
    if (named !== undefined) found.set(named, file);
  }
  return found.set(encoder, 'the configuration');
}

function encoderIn(file: string): string | undefined {
  try {
    return loadConfig({ file, env: {} }).config.encoder;
  } catch {
    // No gate starts with it, and "kaimon config check" says what is wrong.
    return undefined;
  }
}
