import { expect, test } from 'vitest';
import { fullCollection } from '../../src/kit/full-collection.js';

test('an object that is no longer referenced is collected', () => {
  const collect = fullCollection();
  const made = new WeakRef(makeGarbage());
  return new Promise<void>((resolve) => {
    // A weak reference holds until the end of the turn in which it was made.
    setImmediate(() => {
      collect();
      expect(made.deref()).toBeUndefined();
      resolve();
    });
  });
});

const makeGarbage = (): object => ({ bytes: new Array(1000).fill(0) });
