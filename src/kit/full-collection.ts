import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * A function that collects all garbage at once. For processes with native code, whose V8 may not mark in steps (native-flags.ts) and
 * so would wait for several times of what lives. Takes about 20 ms with a heap of 15 MB.
 */
export function fullCollection(): () => void {
  // Node offers it under this flag only, and a context made afterwards has it.
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
