import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Endings } from '../endings.js';
import type { Log } from '../log.js';
import { StateFile, type StateFileOptions } from './state-file.js';

/** What a gate is opened with, as far as its small files need it. */
export interface StateFileSurroundings {
  readonly paths: { readonly state: string };
  readonly clock: Clock;
  readonly log: Log;
  readonly endings: Pick<Endings, 'open'>;
  readonly warnings: string[];
}

/**
 * Opens a small file of the state folder, for a gate, which starts without what it holds; it is saved when the gate stops.
 * @param options `file` is its name @throws OperatingError KAIMON_DATA_NEWER
 */
export const openStateFile = <T>(
  { paths, clock, log, endings, warnings }: StateFileSurroundings,
  options: Omit<StateFileOptions<T>, 'clock' | 'log' | 'warnings'>,
): Promise<StateFile<T>> =>
  endings.open(
    options.name,
    () => StateFile.openAnyway<T>({ ...options, file: join(paths.state, options.file), clock, log, warnings }),
    (opened, leftMs) => opened.close(leftMs),
    { saves: true },
  );
