import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUnmoved } from '../../../src/face/following/continuity.js';
import {
  afterFollowing,
  afterSettling,
  afterWhole,
  type FoundFace,
  FRAMES_MAX,
  followed,
  GAP_MAX_MS,
  NOTHING_WATCHED,
  type Pace,
  type Step,
  stepFor,
  type Watching,
} from '../../../src/face/following/plan.js';
import type { Box } from '../../../src/face/observation.js';
import { monotonicMs } from '../../../src/kit/clock.js';
import { boxAt, found, lookedAt, sightOfPerson } from './looks.js';

const PACE: Pace = { everyFrame: 'needed', decidingMs: 90, settledMs: 800, emptyMs: 1000 };
const ms = monotonicMs;
/** Ada, whole at 1000, with number 1. */
const ADA = afterWhole(NOTHING_WATCHED, [lookedAt(1, boxAt(300))], ms(1000), false);
const SETTLED = afterSettling(ADA, [1]);
const TWO = afterWhole(NOTHING_WATCHED, [lookedAt(1, boxAt(100)), lookedAt(2, boxAt(400))], ms(1000), false);
const NOBODY = afterWhole(NOTHING_WATCHED, [], ms(1000), false);
/** Nobody was there for a long time. */
const CALM = { ...NOBODY, restlessMs: ms(-5000) };
const later = (before: Watching, atMs: number): Watching => ({ ...before, lastMs: ms(atMs) });

test.each<[string, Watching, number, boolean, Partial<Pace>, Step]>([
  ['the first frame', NOTHING_WATCHED, 0, false, {}, 'whole'],
  ['every frame, where everything is asked for', SETTLED, 1066, false, { everyFrame: 'full' }, 'whole'],
  ['a face on which nothing is decided, in the next frame', ADA, 1066, false, {}, 'follow'],
  ['the same in the one after it', later(ADA, 1066), 1133, false, {}, 'whole'],
  ['a settled face', SETTLED, 1066, false, {}, 'glance'],
  [
    'a settled face that was not looked for in the last frame',
    { ...later(SETTLED, 1066), foundLast: false },
    1133,
    false,
    {},
    'follow',
  ],
  ['a settled face for longer than the pace allows', later(SETTLED, 1760), 1800, false, {}, 'whole'],
  ['a settled face, and something moves beside it', later(SETTLED, 1133), 1200, true, {}, 'search'],
  ['the same, a moment after the cascade has looked', SETTLED, 1066, true, {}, 'glance'],
  ['two faces of which one is settled', later(afterSettling(TWO, [1]), 1066), 1133, false, {}, 'whole'],
  ['two faces that are settled', later(afterSettling(TWO, [1, 2]), 1066), 1133, false, {}, 'glance'],
  ['a word of the gate about a face that is not there', later(afterSettling(ADA, [7]), 1066), 1133, false, {}, 'whole'],
  ['nobody, a moment after somebody was there', later(NOBODY, 1066), 1133, false, {}, 'whole'],
  ['nobody for long', later(CALM, 1700), 1766, false, {}, 'follow'],
  ['nobody, and something moves', later(CALM, 1066), 1133, true, {}, 'whole'],
  ['nobody for longer than the pace allows', later(CALM, 1950), 2000, false, {}, 'whole'],
  ['a frame after a gap', SETTLED, 1000 + GAP_MAX_MS + 1, false, {}, 'whole'],
  ['a frame of the same time', SETTLED, 1000, false, {}, 'whole'],
  ['a frame from before', SETTLED, 900, false, {}, 'whole'],
  ['a frame whose time is no number', SETTLED, Number.NaN, false, {}, 'whole'],
  ['a pace of 0', SETTLED, 1066, false, { settledMs: 0 }, 'whole'],
])('%s: %#', (_what, before, atMs, moved, pace, step) => {
  expect(stepFor(before, ms(atMs), moved, { ...PACE, ...pace })).toBe(step);
});

test('two faces near each other are never followed', () => {
  const near = afterWhole(NOTHING_WATCHED, [lookedAt(1, boxAt(300)), lookedAt(2, boxAt(440))], ms(1000), false);
  expect(stepFor(afterSettling(near, [1, 2]), ms(1066), false, PACE)).toBe('whole');
});

test.each<[string, FoundFace[], boolean]>([
  ['where it was', [found(1, boxAt(305))], true],
  ['gone', [], false],
  ['with another beside it', [found(1, boxAt(300)), found(2, boxAt(500))], false],
  ['in whose place another stands', [found(2, boxAt(300))], false],
  ['far away', [found(1, boxAt(500))], false],
])('a known face that is %s is followed: %s', (_what, now, isFollowed) => {
  expect(followed(ADA.faces, now) !== undefined).toBe(isFollowed);
});

test('two known faces are not both found in one, nor followed when they come near each other', () => {
  expect(followed(TWO.faces, [found(1, boxAt(100)), found(1, boxAt(105))])).toBeUndefined();
  const [ada, bob] = TWO.faces as [Watching['faces'][number], Watching['faces'][number]];
  const together = [
    { ...ada, box: boxAt(240) },
    { ...bob, box: boxAt(400) },
  ];
  expect(followed(together, [found(1, boxAt(250)), found(2, boxAt(390))])).toBeUndefined();
});

test('a face keeps its number over whole frames and gets another one in doubt; a gap forgets all numbers', () => {
  const numbers = (person: number, x: number, atMs: number) =>
    afterWhole(ADA, [lookedAt(person, boxAt(x))], ms(atMs), false).faces.map(({ number }) => number);
  expect(numbers(1, 305, 1066)).toEqual([1]);
  expect(numbers(2, 300, 1066)).toEqual([2]);
  expect(numbers(1, 500, 1066)).toEqual([2]);
  expect(numbers(1, 300, 1000 + GAP_MAX_MS + 1)).toEqual([2]);
});

test('nothing stays settled over a whole frame', () => {
  expect(SETTLED.settled.size).toBe(1);
  expect(afterWhole(SETTLED, [lookedAt(1, boxAt(300))], ms(1066), false).settled.size).toBe(0);
});

/** Who stands where in one frame, when it was taken, what the gate says of it, and whether something moved. */
const shot = fc.record({
  stepMs: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(33, 66) },
    { weight: 1, arbitrary: fc.constantFrom(0, -50, 300, 900) },
  ),
  // No two in one place: there only one of them would be seen.
  people: fc.uniqueArray(fc.record({ person: fc.constantFrom(1, 2, 3), x: fc.constantFrom(100, 105, 110, 400, 405) }), {
    maxLength: 2,
    selector: ({ x }) => x,
  }),
  repeat: fc.integer({ min: 1, max: 30 }),
  moved: fc.boolean(),
  settles: fc.boolean(),
});
interface Frame {
  readonly atMs: number;
  readonly people: readonly { readonly person: number; readonly box: Box }[];
  readonly moved: boolean;
  readonly settles: boolean;
}
const film: fc.Arbitrary<Frame[]> = fc.array(shot, { minLength: 1, maxLength: 12 }).map((shots) => {
  let atMs = 1000;
  return shots.flatMap(({ stepMs, people, repeat, moved, settles }) =>
    Array.from({ length: repeat }, (_, i): Frame => {
      atMs += i === 0 ? stepMs : 66;
      const placed = people.map(({ person, x }) => ({ person, box: boxAt(x) }));
      return { atMs, people: placed, moved: moved && i === 0, settles };
    }),
  );
});

interface Taken extends Frame {
  readonly whole: boolean;
  readonly searched: boolean;
  readonly before: Watching;
  readonly after: Watching;
}

/** The frames of a film as the eye takes them, its networks being always right. */
function take(frames: readonly Frame[], pace = PACE): Taken[] {
  let watching = NOTHING_WATCHED;
  return frames.map((frame) => {
    const before = watching;
    const atMs = ms(frame.atMs);
    const step = stepFor(before, atMs, frame.moved, pace);
    // Following looks only where somebody was known to be, a glance only whether they look the same there.
    const unmoved =
      step === 'glance' &&
      before.faces.every((known) =>
        frame.people.some(({ person, box }) => box.x === known.box.x && isUnmoved(known.sight, sightOfPerson(person))),
      );
    const seen = frame.people.filter(
      ({ box }) => step === 'search' || before.faces.some((known) => Math.abs(known.box.x - box.x) < 60),
    );
    const again =
      step === 'whole'
        ? undefined
        : unmoved
          ? before.faces
          : followed(
              before.faces,
              seen.map(({ person, box }) => found(person, box)),
            );
    watching = again
      ? afterFollowing(before, again, atMs, {
          step: unmoved ? step : step === 'glance' ? 'follow' : step,
          moved: frame.moved,
        })
      : afterWhole(
          before,
          frame.people.map(({ person, box }) => lookedAt(person, box)),
          atMs,
          frame.moved,
        );
    if (!again && frame.settles)
      watching = afterSettling(
        watching,
        watching.faces.map(({ number }) => number),
      );
    return { ...frame, whole: !again, searched: !again || step === 'search', before, after: watching };
  });
}

describe('whoever stands, comes, goes or takes the place of another', () => {
  const forAll = (check: (taken: Taken, at: number, all: readonly Taken[]) => void) =>
    fc.assert(
      fc.property(film, (frames) => take(frames).forEach(check)),
      { numRuns: 150 },
    );

  test('there are never more than so many frames, and never more time than the pace allows, without a whole one', () => {
    forAll(({ whole, before, atMs, after }) => {
      expect(after.since).toBeLessThan(FRAMES_MAX);
      if (!whole) expect(atMs - (before.wholeMs as number)).toBeLessThan(PACE.emptyMs);
    });
  });

  test('a person who takes the place of another makes that very frame a whole one, and gets another number', () => {
    forAll(({ people, before, whole, after }) => {
      for (const { person, box } of people) {
        const known = before.faces.find((face) => face.box.x === box.x);
        if (!known || known.sight === sightOfPerson(person)) continue;
        expect(whole).toBe(true);
        const kept = after.faces.filter(({ number }) => number === known.number);
        expect(kept.every(({ sight }) => sight === known.sight)).toBe(true);
      }
    });
  });

  test('a face that is not known is looked at with the first search, and within the pace at the latest', () => {
    forAll(({ people, after, searched, whole }) => {
      if (whole) expect(after.faces).toHaveLength(people.length);
      else if (searched) expect(people).toHaveLength(after.faces.length);
    });
  });

  test('no two frames one after the other go without the networks where somebody is known', () => {
    forAll(({ before, after }) => {
      if (before.faces.length > 0 && !before.foundLast) expect(after.foundLast).toBe(true);
    });
  });

  test('while one face is not settled, everything is measured at least every 90 ms and one frame', () => {
    forAll(({ before, whole, atMs }) => {
      const deciding = before.faces.some(({ number }) => !before.settled.has(number));
      if (deciding && !whole) expect(atMs - (before.wholeMs as number)).toBeLessThan(PACE.decidingMs);
    });
  });

  test('where everything is asked for, every frame is a whole one', () => {
    fc.assert(
      fc.property(film, (frames) => {
        expect(take(frames, { ...PACE, everyFrame: 'full' }).every(({ whole }) => whole)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

test.each([66, 125, 200, 250, 300, 390])(
  'frames %d ms apart: somebody settled who stays is measured before the last look at them is too old to enrol or verify by',
  (stepMs) => {
    let before = SETTLED;
    let oldest = 0;
    for (let atMs = 1000 + stepMs; atMs < 20_000; atMs += stepMs) {
      oldest = Math.max(oldest, atMs - (before.wholeMs ?? 0));
      const step = stepFor(before, ms(atMs), false, PACE);
      before =
        step === 'whole'
          ? afterSettling(afterWhole(before, [lookedAt(1, boxAt(300))], ms(atMs), false), [1])
          : afterFollowing(before, before.faces, ms(atMs), { step, moved: false });
    }
    expect(oldest).toBeLessThanOrEqual(900);
  },
);
