/** "Something changed", and no more than that: whoever is interested looks for themselves. */
export class Signal {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` each time the signal is raised. @returns ends that */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An arrow function, so that it can be handed out as a callback. */
  readonly raise = (): void => {
    for (const listener of this.#listeners) listener();
  };
}
