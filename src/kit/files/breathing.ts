import { setImmediate as breathe } from 'node:timers/promises';

/** Does long work on a file's bytes that yields every few milliseconds, with a turn of the event loop at each of these pauses. */
export async function breathing<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await breathe();
  }
}
