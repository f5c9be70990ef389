import { describe, expect, test } from 'vitest';
import { PaceWatch } from '../../src/gate/pace-watch.js';
import type { Log } from '../../src/kit/log.js';
import { ManualClock } from '../../src/kit/manual-clock.js';
import { faceOf, observationOf, WHO } from '../property/gate-scene.js';

const FACE = [faceOf({ angle: WHO.ada })];

/** A gate that looks at observations; `see` shows one of this age, some time after the one before. */
function watch() {
  const clock = new ManualClock();
  const logged: string[] = [];
  let changes = 0;
  const log = {
    warn: (_facts: unknown, line: string) => void logged.push(line),
    info: (line: string) => void logged.push(line),
  } as unknown as Pick<Log, 'info' | 'warn'>;
  const pace = new PaceWatch({ maxAgeMs: 1000, clock, log, onChange: () => void changes++ });
  let frame = 0;
  const see = (ageMs: number, afterMs: number, faces = FACE) => {
    clock.advance(afterMs);
    pace.see({ ...observationOf({ frame: ++frame, takenMs: 0, faces }), takenMs: clock.monotonic() - ageMs });
  };
  return { pace, see, logged, changes: () => changes };
}

describe('a machine that is too slow', () => {
  test('is named once, with its figures, and not with each frame', () => {
    const { pace, see, logged, changes } = watch();
    for (let i = 0; i < 50; i++) see(1400, 1250);
    expect(pace.problems()).toEqual([
      expect.stringMatching(
        /^machine-too-slow: 0\.8 frames a second are measured, and they are 1400 ms old when they are judged \(at most 1000/,
      ),
    ]);
    expect([logged, changes()]).toEqual([pace.problems(), 1]);
  });

  test.each<[string, (see: ReturnType<typeof watch>['see']) => void]>([
    ['pictures without a face', (see) => Array.from({ length: 20 }, () => see(60, 50, []))],
    ['a camera that was away', (see) => see(60, 90_000, [])],
    ['nobody for an hour', (see) => Array.from({ length: 3600 }, () => see(60, 1000, []))],
  ])('is named with the rate of frames with a face, whatever came between them: %s', (_what, between) => {
    const { pace, see } = watch();
    between(see);
    for (let i = 0; i < 3; i++) {
      for (let empty = 0; empty < 10; empty++) see(60, 50, []);
      see(1400, 1250);
    }
    expect(pace.problems()).toEqual([expect.stringMatching(/ 0\.8 frames a second .* 1400 ms old/)]);
  });

  test('is named with the usual rate where one of the late frames came after a pause', () => {
    const { pace, see } = watch();
    see(1400, 1250);
    see(1400, 90_000);
    see(1400, 1250);
    see(1400, 1250);
    expect(pace.problems()).toEqual([expect.stringContaining(' 0.8 frames a second ')]);
  });

  test('is over when faces come in time again, and that is said once', () => {
    const { pace, see, logged, changes } = watch();
    for (let i = 0; i < 5; i++) see(1400, 1250);
    for (let i = 0; i < 4; i++) see(200, 100);
    expect(pace.problems()).toHaveLength(1);
    for (let i = 0; i < 9; i++) see(200, 100);
    expect([pace.problems(), logged.length, changes()]).toEqual([[], 2, 2]);
  });

  test.each<[string, (readonly [ageMs: number, faces?: typeof FACE])[]]>([
    ['one hiccup', [[1400], [1400], [200], [1400], [1400], [200]]],
    ['frames just fresh enough', [[1000], [1000], [1000], [1000]]],
    [
      'pictures without a face',
      [
        [1400, []],
        [1400, []],
        [1400, []],
        [1400, []],
      ],
    ],
    ['times from the future, which are no slowness', [[-5000], [-5000], [-5000]]],
  ])('is not named for %s', (_what, seen) => {
    const { pace, see } = watch();
    for (const [ageMs, faces] of seen) see(ageMs, 100, faces);
    expect(pace.problems()).toEqual([]);
  });

  test('is forgotten after a while in which nobody came', () => {
    const { pace, see, logged } = watch();
    for (let i = 0; i < 5; i++) see(1400, 1250);
    see(50, 600_001, []);
    expect(pace.problems()).toEqual([]);
    // For good: the late frames of then count no more.
    for (let i = 0; i < 3; i++) see(50, 40, []);
    for (let i = 0; i < 2; i++) see(1400, 1250);
    expect([pace.problems(), logged.length]).toEqual([[], 2]);
  });
});
