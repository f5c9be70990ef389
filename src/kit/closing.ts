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

/** Something that ends, and its name in the sentence when it does not. `leftMs`: how long it may take. */
export type Ending = readonly [what: string, end: (leftMs: number) => unknown];

/** What each part has at least, however long those before it took. */
const LEAST_MS = 250;
/** A part is left behind so long after its time, for it should have ended by itself, and have said what is lost. */
const GRACE_MS = 250;

/**
 * Ends one after the other, all together within about `limitMs`; one that fails, or hangs, keeps no other from ending.
 * @throws Error with all that went wrong, when every one was tried
 */
export async function endInOrder(endings: readonly Ending[], clock: Clock, limitMs: number): Promise<void> {
  const untilMs = clock.monotonic() + limitMs;
  const faults: unknown[] = [];
  const said: string[] = [];
  for (const [what, end] of endings) {
    const leftMs = Math.max(LEAST_MS, untilMs - clock.monotonic());
    try {
      const ended = await endsWithin(clock, leftMs + GRACE_MS, Promise.resolve(end(leftMs)));
      if (!ended) throw new Error('it did not end in time and was left behind');
    } catch (thrown) {
      faults.push(thrown);
      said.push(`${what}: ${explain(thrown)}`);
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, said.join('; '));
}
