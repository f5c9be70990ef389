/** Lets one task at a time through, in the order of arrival. Waiting tasks are bounded by the caller. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    // The next one waits for the end, not for the success; the failure itself reaches the caller through `result`.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
