// pure
/**
 * Publishes in flight at one time; the link takes 128 from all its users together. Mosquitto's acknowledgements come in
 * bursts every 40 ms (Nagle): with 16 in flight that was 350 people a second.
 */
const WINDOW = 64;
/** With so many each gate begins: where a hundred gates fill an empty broker, what all of them have in flight is sent for nothing. */
const WINDOW_MIN = 4;

/** Ids of records that are to be sent: in which order, and how many at one time. */
export class Outgoing {
  /** Changes made here: somebody waits for them, and they overtake. */
  readonly #changes = new Set<string>();
  readonly #rest = new Set<string>();
  #window = WINDOW_MIN;
  #sending = 0;
  #paused = false;

  add(id: string, isChange: boolean): void {
    if (isChange) this.#rest.delete(id);
    if (isChange || this.#changes.has(id)) this.#changes.add(id);
    else this.#rest.add(id);
  }

  clear(): void {
    this.#changes.clear();
    this.#rest.clear();
    this.#window = WINDOW_MIN;
    this.#paused = false;
  }

  /** From here on only changes are sent, until {@link resume} or until one is taken: the broker does not take records. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Whether nothing is on its way, nor waits. */
  get idle(): boolean {
    return this.#sending === 0 && this.#changes.size === 0 && this.#rest.size === 0;
  }

  /** A record came from the broker. One that was to be sent there says that another gate is at the same work. */
  heard(id: string): void {
    if (this.#rest.has(id)) this.#window = Math.max(WINDOW_MIN, this.#window >> 1);
  }

  /** The next one, which is then being sent until {@link sent}; undefined: none, or enough are on their way. */
  next(): string | undefined {
    const [from, most] = this.#changes.size > 0 ? [this.#changes, WINDOW] : [this.#rest, this.#window];
    if (this.#sending >= most || (this.#paused && from === this.#rest)) return undefined;
    for (const id of from) {
      from.delete(id);
      this.#sending++;
      return id;
    }
    return undefined;
  }

  /** It is not on its way any more. @param taken by the broker: the next ones may be more; a broker that is late gets fewer */
  sent(taken: boolean): void {
    this.#sending--;
    this.#window = taken ? Math.min(WINDOW, this.#window + 1) : WINDOW_MIN;
    // One that is never taken must not hold up all others.
    if (taken) this.#paused = false;
  }

  /** It need not be sent after all. */
  skip(): void {
    this.#sending--;
  }
}
