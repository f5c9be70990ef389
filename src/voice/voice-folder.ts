import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../config/paths.js';
import { explain } from '../kit/errors.js';
import { removeFolderWiped } from '../kit/files/wipe.js';
import type { Log } from '../kit/log.js';
import type { Vault } from '../kit/sealing/vault.js';

const TMPFS = 0x01021994;

/**
 * Where spoken greetings are kept, which say names. Where people are sealed that is the memory (`/run`), and what stood on the disk is
 * removed. @returns undefined where there is no such folder in the memory
 */
export function voiceFolder({ cache, run }: Pick<Paths, 'cache' | 'run'>, vault: Vault, log: Log): string | undefined {
  const onDisk = join(cache, 'voice');
  if (!vault.seals) return onDisk;
  void removeFolderWiped(onDisk).catch((thrown: unknown) =>
    log.warn(
      { folder: onDisk, why: explain(thrown) },
      'greetings spoken before people were sealed are still on the disk',
    ),
  );
  return inMemory(run) ? join(run, 'voice') : undefined;
}

function inMemory(folder: string): boolean {
  try {
    return statfsSync(folder).type === TMPFS;
  } catch {
    // A folder that is not there yet, or cannot be looked at, is no place for names.
    return false;
  }
}
