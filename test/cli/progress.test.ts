import { expect, onTestFinished, test, vi } from 'vitest';
import { ProgressLine } from '../../src/cli/progress.js';

/** Ten photos, of which each that is measured takes ten seconds and those named are known. @returns what stood on standard error */
function lines(known: ReadonlySet<number>): string[] {
  let now = 0;
  const said: string[] = [];
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  onTestFinished(() => void vi.restoreAllMocks());
  const progress = new ProgressLine('enrolling', 10, known.size);
  for (let photo = 0; photo < 10; photo++) {
    if (known.has(photo)) progress.stepKnown();
    else {
      now += 10_000;
      progress.step();
    }
  }
  return said.map((line) => line.trim());
}

test.each([
  ['come first', [0, 1, 2, 3], ['10 %', '20 %', '30 %', '40 %', '50 %, 50 s left', '60 %, 40 s left']],
  ['come last', [6, 7, 8, 9], ['10 %, 50 s left', '20 %, 40 s left', '30 %, 30 s left']],
  ['come in between', [1, 3, 5, 7], ['10 %, 50 s left', '20 %, 50 s left', '30 %, 40 s left', '40 %, 40 s left']],
])('what is known takes no time, also where it does %s', (_where, known, expected) => {
  const said = lines(new Set(known));
  expect(said.slice(0, expected.length)).toEqual(expected.map((end) => `enrolling: ${end}`));
  expect(said.at(-1)).toBe('enrolling: 100 %');
});
