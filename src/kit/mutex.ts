/** Runs one task at a time, in the order of arrival. It does not limit how many wait: the caller must. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    // The next task waits for the end of this one, not for its success; its caller learns of a failure by `result`.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
