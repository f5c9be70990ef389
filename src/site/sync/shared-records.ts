import type { MergeOutcome } from '../../person/version.js';

/** A retained record that arrived, compared with this gate's own. `empty`: it was cleared at the broker. `stale`: it is known,
 * but does not stand there as it should (unsigned, say). */
export type ReceivedRecord<R> =
  | { readonly kind: 'empty' }
  | { readonly kind: 'same' | 'older' | 'stale'; readonly version: string }
  | { readonly kind: 'newer'; readonly record: R }
  | { readonly kind: 'invalid'; readonly why: string };

/** Records with versions that all gates of a site share, one for each id. */
export interface SharedRecords<R> {
  /** Their name in logs and problems: `people`. */
  readonly name: string;
  /** The filter for the topics of all records. */
  readonly filter: string;
  /** The topic of one record. */
  topic(id: string): string;
  /** All ids of which this gate has a record. */
  ids(): Iterable<string>;
  /** This gate's version; undefined if it does not know the id. */
  version(id: string): string | undefined;
  /** Whether the broker must not hold a record of this id; it is then cleared there. */
  isGone(id: string): boolean;
  /** Whether this gate's record replaces one at the broker that is from the future. */
  readonly replacesFuture: boolean;
  /** Reads a payload of `topic(id)`. */
  read(id: string, payload: Uint8Array): ReceivedRecord<R>;
  /** The payload that the broker should keep for `id`; undefined if this gate has no record of it. */
  text(id: string): string | undefined;
  /** Takes a newer record over. Rejects when that is not saved. */
  merge(id: string, record: R): Promise<MergeOutcome>;
  /** Calls back when a record changes here that the site may not know yet. @returns removes the listener */
  onLocal(listener: (id: string) => void): () => void;
}
