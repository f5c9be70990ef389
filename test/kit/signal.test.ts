import { expect, test } from 'vitest';
import { Signal } from '../../src/kit/signal.js';

test('everybody who listens hears each change, until they stop listening', () => {
  const changed = new Signal();
  const heard: string[] = [];
  const stop = changed.on(() => heard.push('state'));
  changed.on(() => heard.push('light'));
  changed.raise();
  stop();
  // As a callback, without the object that it came from.
  const { raise } = changed;
  raise();
  expect(heard).toEqual(['state', 'light', 'light']);
});
