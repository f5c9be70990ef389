// pure
/** The place in a journal where a backup was restored. */
import type { Entry } from '../entry.js';

export interface Seam {
  /** The entry that says so. */
  readonly n: number;
  readonly time: string;
  /** The gate and the time of the backup. */
  readonly gate: string;
  readonly backup: string;
  /** Whether this journal is that of the backup and goes on from its last entry; otherwise that one is an archive. */
  readonly continues: boolean;
  /** The last entry of the backup's journal; 0 where it had none. */
  readonly lastN: number;
  readonly lastHash: string;
  /** The folder in `journal-archive` of the journal that came along, or that was replaced; null where there is none. */
  readonly archive: string | null;
  /** The last entry of that archive. */
  readonly archivedN: number;
  readonly archivedHash: string;
}

/** What an entry of the type `restored` says. */
export function seamOf({ n, time, fields }: Entry): Seam {
  const text = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '');
  const number = (key: string): number => (typeof fields[key] === 'number' ? fields[key] : 0);
  return {
    n,
    time,
    gate: text('gate'),
    backup: text('backup'),
    continues: fields['continues'] === true,
    lastN: number('lastN'),
    lastHash: text('lastHash'),
    archive: text('archive') || null,
    archivedN: number('archivedN'),
    archivedHash: text('archivedHash'),
  };
}

/** What is wrong with a seam; undefined where nothing is. Notes of the journal about itself may stand between. */
export const seamFault = ({ continues, lastN, lastHash }: Seam, { n, prev }: Entry): string | undefined =>
  continues && (lastN >= n || (lastN === n - 1 && lastHash !== prev))
    ? `it says that it goes on from entry ${lastN} of a backup, which is not what stands before it`
    : undefined;
