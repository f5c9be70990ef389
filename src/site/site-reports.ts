import type { ErrorCode } from './messages.js';

/** A request that somebody has signed, and that was not done. */
export interface RefusedRequest {
  /** The name of the key. */
  readonly by: string;
  /** `?` for one that nobody knows. */
  readonly verb: string;
  readonly code: ErrorCode;
  /** It, or one like it, was heard before: whoever has heard it may have sent it. */
  readonly again: boolean;
}

/** Port: keeps what the site has noticed. Returns at once. */
export interface SiteReports {
  requestRefused(refused: RefusedRequest): void;
  /** So many requests that nobody has signed were refused. @param from when the first of them came */
  requestsRefused(count: number, from: string): void;
  /** This gate was away for longer than removals are remembered, and knows nobody any more. @param since when it was last in sync; null: never */
  peopleSetAside(people: number, since: string | null): void;
}
