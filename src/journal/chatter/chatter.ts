// pure
/**
 * What the journal keeps only some of: things that happen as often as somebody or something wants them to, and change nothing. All else is
 * kept one by one. See docs/decisions/005-chatter.md.
 */
import { type MonotonicMs, monotonicMs } from '../../kit/clock.js';
import type { JournalInput } from '../writer.js';

/** Of each kind so many are kept at once … */
export const AT_ONCE = 30;
/** … and then one in so long: with all nine kinds in flood 0.5 MB a day. */
export const ONE_IN_MS = 10 * 60_000;

/** A kind is a type of entry, or a part of one; undefined for what is kept one by one. */
export function chatterOf({ type, fields = {} }: JournalInput): string | undefined {
  if (type === 'eye' || type === 'camera') return type;
  // A door that stays shut, and one that is asked to be as it is.
  if (type === 'opened') return fields['opened'] === false ? type : undefined;
  if (type === 'lock-asked' || type === 'mode-asked') return fields['moved'] === false ? type : undefined;
  if (type === 'request-refused') return refusalOf(type, fields);
  return undefined;
}

/** Codes that say that a key was used by somebody who should not have it, or for what it may not. */
const OF_KEYS: readonly unknown[] = ['bad-signature', 'not-allowed'];

/** Signed and not done. What is sent again may be sent by anybody who has heard it; an import that finds no room hides no key that was revoked. */
function refusalOf(type: string, { again, code }: NonNullable<JournalInput['fields']>): string {
  if (again === true) return `${type}-again`;
  return OF_KEYS.includes(code) ? `${type}-${code}` : type;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: MonotonicMs;
}

/** How many of each kind are kept. There are as many kinds as {@link chatterOf} knows. */
export class ChatterBudget {
  readonly #buckets = new Map<string, Bucket>();
  readonly #leftOut = new Map<string, number>();

  /** Whether one more is kept; otherwise it is counted. */
  take(kind: string, nowMs: MonotonicMs): boolean {
    const before = this.#buckets.get(kind) ?? { tokens: AT_ONCE, atMs: nowMs };
    const earned = Math.floor((nowMs - before.atMs) / ONE_IN_MS);
    const tokens = Math.min(AT_ONCE, before.tokens + earned);
    const atMs = monotonicMs(tokens === AT_ONCE ? nowMs : before.atMs + earned * ONE_IN_MS);
    this.#buckets.set(kind, { tokens: Math.max(0, tokens - 1), atMs });
    if (tokens > 0) return true;
    this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
    return false;
  }

  /** How many of which kind were left out since the last call; none: undefined. */
  leftOut(): { readonly types: readonly string[]; readonly counts: readonly number[] } | undefined {
    if (this.#leftOut.size === 0) return undefined;
    const found = { types: [...this.#leftOut.keys()], counts: [...this.#leftOut.values()] };
    this.#leftOut.clear();
    return found;
  }
}
