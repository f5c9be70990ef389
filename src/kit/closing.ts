import { explain } from './errors.js';

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
export type Ending = readonly [what: string, end: () => unknown];

/** Ends one after the other; one that fails keeps no other from ending. @throws Error with all that went wrong, when every one was tried */
export async function endInOrder(endings: readonly Ending[]): Promise<void> {
  const faults: unknown[] = [];
  const said: string[] = [];
  for (const [what, end] of endings) {
    try {
      await end();
    } catch (thrown) {
      faults.push(thrown);
      said.push(`${what}: ${explain(thrown)}`);
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, said.join('; '));
}
