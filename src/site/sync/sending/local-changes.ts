// pure
import { PEOPLE_MAX } from '../../../person/person.js';
import type { SharedRecords } from '../shared-records.js';

/** Ids that are remembered. */
export const CHANGED_MAX = 2 * PEOPLE_MAX;

/** Ids whose record was changed here since the start. */
export class LocalChanges {
  readonly #changed = new Set<string>();
  /** Those of them that no broker has taken yet. */
  readonly #unshared = new Set<string>();

  has(id: string): boolean {
    return this.#changed.has(id);
  }

  unshared(): readonly string[] {
    return [...this.#unshared];
  }

  add(id: string): void {
    for (const ids of [this.#changed, this.#unshared]) if (ids.size < CHANGED_MAX) ids.add(id);
  }

  shared(id: string): void {
    this.#unshared.delete(id);
  }

  /**
   * Whether a change need not wait until gate and broker were compared: it replaces whatever may stand there, as a removal does, or what was
   * heard from there. Over what was not heard yet an older one could be written.
   */
  isUrgent<R>(
    id: string,
    found: string | undefined,
    { stamp, isFinal, beats }: Pick<SharedRecords<R>, 'stamp' | 'isFinal' | 'beats'>,
  ): boolean {
    const own = stamp(id);
    if (own === undefined || !this.#unshared.has(id)) return false;
    return isFinal(own) || (found !== undefined && found !== '' && beats(own, found));
  }
}
