/** Records of which this gate has none of its own are noted up to this number: they matter only where they must be cleared. */
const STRANGERS_MAX = 10_000;

/** What the broker holds, as far as this connection has shown: a stamp for each id, '' for a record that any other replaces. */
export class AtBroker {
  readonly #stamps = new Map<string, string>();
  readonly #isOwn: (id: string) => boolean;
  #strangers = 0;
  #heard = 0;

  /** @param isOwn whether this gate has, or is about to have, a record of the id: their number is bounded */
  constructor(isOwn: (id: string) => boolean) {
    this.#isOwn = isOwn;
  }

  /** How many records were heard of. */
  get heard(): number {
    return this.#heard;
  }

  get(id: string): string | undefined {
    return this.#stamps.get(id);
  }

  ids(): Iterable<string> {
    return this.#stamps.keys();
  }

  hear(): void {
    this.#heard++;
  }

  note(id: string, stamp: string): void {
    if (!this.#stamps.has(id) && !this.#isOwn(id)) {
      if (this.#strangers >= STRANGERS_MAX) return;
      this.#strangers++;
    }
    this.#stamps.set(id, stamp);
  }

  /** The broker has taken a record of this gate, unless another one has sent a newer one meanwhile. @param stamp '' where it was cleared */
  taken(id: string, stamp: string, beats: (own: string, found: string) => boolean): void {
    const found = this.#stamps.get(id);
    if (stamp !== '' && (found === undefined || found === '' || beats(stamp, found))) this.note(id, stamp);
  }

  delete(id: string): void {
    this.#stamps.delete(id);
  }

  clear(): void {
    this.#stamps.clear();
    this.#strangers = 0;
    this.#heard = 0;
  }
}
