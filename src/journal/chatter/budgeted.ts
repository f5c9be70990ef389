import { type Clock, iso, type Timer, type WallMs } from '../../kit/clock.js';
import { type JournalWriter, journalOver } from '../writer.js';
import { ChatterBudget, chatterOf } from './chatter.js';

/** The type of the entry that counts what was left out. */
export const LEFT_OUT = 'left-out';
/** It is written so long after the first thing that is left out; a kill takes as much. */
const COUNT_MS = 10 * 60_000;

/** A journal that keeps a part of what changes nothing, and counts the rest: a flood of it must not purge what matters. */
export function budgeted(journal: JournalWriter, clock: Clock): JournalWriter {
  const budget = new ChatterBudget();
  let since: WallMs | undefined;
  let timer: Timer | undefined;
  const count = (): void => {
    timer?.cancel();
    timer = undefined;
    const left = budget.leftOut();
    if (left && since !== undefined)
      void journal.append({ type: LEFT_OUT, fields: { ...left, from: iso(since), until: iso(clock.wall()) } });
    since = undefined;
  };
  return journalOver(journal, {
    append: (input) => {
      const kind = chatterOf(input);
      if (kind === undefined || budget.take(kind, clock.monotonic())) return journal.append(input);
      since ??= clock.wall();
      timer ??= clock.after(COUNT_MS, count);
      return Promise.resolve({ durable: false, why: 'counted' });
    },
    close: (leftMs) => {
      count();
      return journal.close(leftMs);
    },
  });
}
