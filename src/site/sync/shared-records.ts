import type { MergeOutcome } from '../../person/version.js';

/** What a retained record says, compared with what this gate holds. */
export type Heard<R> =
  | { readonly kind: 'empty' }
  | { readonly kind: 'same' | 'older'; readonly version: string }
  | { readonly kind: 'newer'; readonly record: R }
  | { readonly kind: 'invalid'; readonly why: string };

/** Records with versions that all gates of a site share, one for each id. */
export interface SharedRecords<R> {
  /** Names them in logs and problems: `people`. */
  readonly name: string;
  /** The topics of all of them, and of one. */
  readonly filter: string;
  topic(id: string): string;
  ids(): Iterable<string>;
  /** This gate's version; undefined if it does not know the id. */
  version(id: string): string | undefined;
  /** Whether the broker must not hold a record of this id: then it is cleared there. */
  isGone(id: string): boolean;
  /** Whether this gate's record replaces one at the broker that is from the future. */
  readonly replacesFuture: boolean;
  /** Reads a payload of `topic(id)`. */
  read(id: string, payload: Uint8Array): Heard<R>;
  /** The payload that the broker keeps for `id`. */
  text(id: string): string | undefined;
  /** Takes a newer record over. Rejects when that is not saved. */
  merge(id: string, record: R): Promise<MergeOutcome>;
  /** Calls back when this gate itself changes a record. */
  onLocal(listener: (id: string) => void): () => void;
}
