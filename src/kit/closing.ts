import type { Clock } from './clock.js';
import { explain } from './errors.js';
import { endsWithin } from './within.js';

/** Closes every part, whatever happens to the others. @returns what went wrong */
export function closeAll(parts: readonly { close(): void }[]): string[] {
  return parts.flatMap((part) => {
    try {
      part.close();
      return [];
    } catch (thrown) {
      return [explain(thrown)];
    }
  });
}

/** Closes every part. @throws Error with all that went wrong, when every one was tried */
export function closeEach(parts: readonly { close(): void }[]): void {
  const faults = closeAll(parts);
  if (faults.length > 0) throw new Error(faults.join('; '));
}

/** Something that ends, and its name in the sentence when it does not. */
export interface Ending {
  readonly what: string;
  /** @param leftMs how long it may take */
  readonly end: (leftMs: number) => unknown;
  /** It writes to the disk what would be lost otherwise. */
  readonly saves?: boolean;
}

/** What each part has at least, however long those before it took. */
const LEAST_MS = 250;
/** A part is left behind so long after its time, for it should have ended by itself, and have said what is lost. */
const GRACE_MS = 250;
/** The end of the time is for the parts that save: a voice or a broker that hangs must not take it from the disk. */
const SAVING_MS = 4_000;
/** So long after the limit no part is waited for any more, however many there are. */
const OVER_MS = 2_000;

/** When a part should have ended, and when it is left behind at the latest. */
interface Until {
  readonly softMs: number;
  readonly hardMs: number;
}

/**
 * Ends all parts within about `limitMs`, and within two seconds more whatever they do; one that fails, or hangs, keeps no other from
 * ending. First those that came before the last one that saves, one after the other; then those that save, all at once, for nobody has
 * anything for them any more; then the others.
 * @throws Error with all that went wrong, when every one was tried
 */
export async function endInOrder(endings: readonly Ending[], clock: Clock, limitMs: number): Promise<void> {
  const all: Until = { softMs: clock.monotonic() + limitMs, hardMs: clock.monotonic() + limitMs + OVER_MS };
  const briefMs = all.softMs - SAVING_MS;
  const brief: Until = { softMs: briefMs, hardMs: briefMs + LEAST_MS + GRACE_MS };
  const faults: unknown[] = [];
  const said: string[] = [];
  const tryEnd = async ({ what, end }: Ending, { softMs, hardMs }: Until) => {
    const now = clock.monotonic();
    const restMs = Math.max(0, hardMs - now);
    const leftMs = Math.min(restMs, Math.max(LEAST_MS, softMs - now));
    try {
      const ended = await endsWithin(clock, Math.min(restMs, leftMs + GRACE_MS), Promise.resolve(end(leftMs)));
      if (!ended) throw new Error('it did not end in time and was left behind');
    } catch (thrown) {
      faults.push(thrown);
      said.push(`${what}: ${explain(thrown)}`);
    }
  };
  const behindLast = endings.findLastIndex(({ saves }) => saves) + 1;
  const [before, after] = [endings.slice(0, behindLast), endings.slice(behindLast)];
  const saving = before.filter(({ saves }) => saves);
  for (const ending of before) if (!ending.saves) await tryEnd(ending, brief);
  // Without any, what comes first must still end in this very turn.
  if (saving.length > 0) await Promise.all(saving.map((ending) => tryEnd(ending, all)));
  for (const ending of after) await tryEnd(ending, all);
  if (faults.length > 0) throw new AggregateError(faults, said.join('; '));
}
