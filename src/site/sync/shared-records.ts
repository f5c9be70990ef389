import type { MergeOutcome } from '../../person/version.js';

/**
 * A retained record that arrived, compared with this gate's own. `stamp` stands for its content; `minor`: others go before it where
 * many wait. `empty`: it was cleared at the broker; `full`: it counts, and there is no room for it; `stale`: it is known, but does not
 * stand there as it should (unsigned, say). What is invalid says where nobody of the site has signed it (`unsigned`), or one whose key was revoked (`revoked`).
 */
export type ReceivedRecord<R> =
  | { readonly kind: 'empty' }
  | { readonly kind: 'same' | 'older' | 'stale'; readonly stamp: string }
  | { readonly kind: 'newer'; readonly record: R; readonly stamp: string; readonly minor?: boolean }
  | { readonly kind: 'full'; readonly stamp: string; readonly why: string }
  | { readonly kind: 'invalid'; readonly why: string; readonly signer?: 'unsigned' | 'revoked' };

/** Records that all gates of a site share, one for each id. */
export interface SharedRecords<R> {
  /** Their name in logs and problems: `people`. */
  readonly name: string;
  /** The filter for the topics of all records. */
  readonly filter: string;
  /** The topic of one record. */
  topic(id: string): string;
  /** All ids of which this gate has a record. */
  ids(): Iterable<string>;
  /** What stands for this gate's record; undefined if it has none. */
  stamp(id: string): string | undefined;
  /** Whether this gate's record replaces the one found at the broker. */
  beats(own: string, found: string): boolean;
  /** Whether the broker must not hold a record of this id; it is then cleared there. @param found '' if it cannot be read */
  isGone(id: string, found: string): boolean;
  /** Whether a record that the broker lacks is not put there for now. */
  holdsBack(stamp: string): boolean;
  /** Reads a payload of `topic(id)`. The one place where what others have written comes in. */
  read(id: string, payload: Uint8Array): ReceivedRecord<R>;
  /** The payload that the broker should keep for `id`; undefined if this gate has no record of it. */
  text(id: string): string | undefined;
  /** Takes a newer record over. Rejects when that is not saved. */
  merge(id: string, record: R): Promise<MergeOutcome>;
  /** Calls back when a record changes here that the site may not know yet. @returns removes the listener */
  onLocal(listener: (id: string) => void): () => void;
}
