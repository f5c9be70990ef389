/** Longest name that is compared, in characters; a longer one is not a mistyped key. */
const COMPARED_MAX = 80;

const plain = (name: string): string => name.replace(/[_-]/g, '').toLowerCase();

/** Levenshtein distance: insertions, removals and replacements that turn `a` into `b`. */
export function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The known name that was probably meant: the same apart from case and underscores, one that begins with what was
 * written, or one with at most a third mistyped.
 * @returns one of `known`, or null when none is similar.
 */
export function suggest(unknown: string, known: readonly string[]): string | null {
  const written = plain(unknown);
  if (written.length === 0 || written.length > COMPARED_MAX) return null;
  let best: { name: string; cost: number } | null = null;
  for (const name of known) {
    const candidate = plain(name);
    const begun = written.length >= 4 && candidate.startsWith(written);
    const cost = begun ? 1 : edits(written, candidate);
    if (cost <= Math.max(1, Math.floor(written.length / 3)) && (best === null || cost < best.cost))
      best = { name, cost };
  }
  return best?.name ?? null;
}
