import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BRIGHT_AFTER_MS,
  DARK_BELOW,
  FAULT_AFTER_MS,
  faultOf,
  frozenAfterMs,
  GAP_MS,
  lookAgain,
  type PictureFault,
  type PictureLook,
  type SeenPicture,
  STREAM_FROZEN_AFTER_MS,
} from '../../src/camera/picture-fault.js';
import { monotonicMs } from '../../src/kit/clock.js';

interface Seen {
  readonly repeats?: boolean;
  readonly brightest?: number;
  /** Since the one before it. */
  readonly afterMs?: number;
  /** The camera was opened again before it. */
  readonly reopened?: boolean;
}

/** What is said of each of these pictures, one a second where nothing else is told. */
function saidOf(pictures: readonly Seen[]): readonly (PictureFault | undefined)[] {
  let look: PictureLook | undefined;
  let seen: SeenPicture = { atMs: monotonicMs(5000), openings: 1, repeats: false, brightest: 0 };
  return pictures.map(({ repeats = false, brightest = 200, afterMs = 1000, reopened = false }) => {
    const openings = seen.openings + (reopened ? 1 : 0);
    seen = { atMs: monotonicMs(seen.atMs + afterMs), openings, repeats, brightest };
    look = lookAgain(look, seen, FAULT_AFTER_MS);
    return faultOf(look);
  });
}

const LONG = FAULT_AFTER_MS / 1000;
const BRIGHT = BRIGHT_AFTER_MS / 1000;
const times = (count: number, seen: Seen): Seen[] => Array.from({ length: count }, () => seen);
const first: Seen = {};
const same: Seen = { repeats: true };
const dark: Seen = { brightest: DARK_BELOW - 1 };
const night = times(LONG + 1, dark);
const gap: Seen = { afterMs: GAP_MS + 1 };
const reopened: Seen = { reopened: true };

describe('the pictures of a camera that delivers', () => {
  test.each<[string, readonly Seen[], PictureFault | undefined]>([
    ['each another one: nothing is wrong', times(60, first), undefined],
    ['the same for a moment less than long: nothing yet', [first, ...times(LONG - 1, same)], undefined],
    ['the same for long: frozen', [first, ...times(LONG, same)], 'frozen'],
    ['another one after that: it is over', [first, ...times(LONG, same), first], undefined],
    ['the same again after another: counted anew', [first, ...times(LONG, same), first, ...times(5, same)], undefined],
    ['the same before and after a gap: nobody knows what was between', [first, same, { ...same, ...gap }], undefined],
    [
      'frozen before a gap, and the same after it: still frozen',
      [...times(LONG + 1, same), { ...same, ...gap }],
      'frozen',
    ],
    [
      'frozen, opened again, and the same: still frozen',
      [...times(LONG + 1, same), { ...same, ...reopened }],
      'frozen',
    ],
    ['frozen, opened again, and another: it is over', [...times(LONG + 1, same), reopened], undefined],
    [
      'the same, opened again, the same: counted anew',
      [first, ...times(LONG - 1, same), { ...same, ...reopened }, ...times(5, same)],
      undefined,
    ],
    ['black for a moment: a hand on the lens', [first, ...times(LONG, dark)], undefined],
    ['black for long: dark', [first, ...night], 'dark'],
    ['from the first picture on', night, 'dark'],
    ['black, and the same: a lens that is covered has noise', times(LONG + 1, { ...dark, ...same }), 'frozen'],
    ['black for long, and then the same for long: frozen', [...night, ...times(LONG, { ...dark, ...same })], 'frozen'],
    ['black, the same, and then with noise: dark', [...night, ...times(LONG, { ...dark, ...same }), dark], 'dark'],
    ['black, a gap, black: nobody knows what was between', [dark, { ...dark, ...gap }], undefined],
    ['black for nearly long, opened again, black', [...times(LONG, dark), { ...dark, ...reopened }, dark], undefined],
    ['dark before a gap, and after it', [...night, { ...dark, ...gap }], 'dark'],
    ['a little brighter than black is still dark', [...night, ...times(60, { brightest: DARK_BELOW + 2 })], 'dark'],
    ['a headlight that passes ends no night', [...night, ...times(BRIGHT, first), dark], 'dark'],
    ['nor do two, with black between them', [...night, ...times(BRIGHT, first), dark, ...times(BRIGHT, first)], 'dark'],
    ['nor one bright picture before a gap, and one after it', [...night, first, gap], 'dark'],
    ['bright for long enough: it is over', [...night, ...times(BRIGHT + 1, first)], undefined],
    ['dim, but not black: nothing is wrong', times(60, { brightest: DARK_BELOW }), undefined],
  ])('%s', (_rule, pictures, said) => expect(saidOf(pictures).at(-1)).toBe(said));
});

test('a fault begins only after pictures without a gap, from one opening, that show it all the time; dark ends only so, too', () => {
  const picture = fc.record({
    repeats: fc.boolean(),
    brightest: fc.constantFrom(0, 200),
    afterMs: fc.constantFrom(1000, 4000, GAP_MS + 1),
    reopened: fc.integer({ max: 19, min: 0 }).map((n) => n === 0),
  });
  // Runs of the same kind: pictures each drawn by itself are nearly never 20 seconds long of one kind.
  const run = fc
    .tuple(picture, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 30 }))
    .map(([seen, count, at]) =>
      Array.from({ length: count }, (_, n) => ({ ...seen, afterMs: 1000, ...(n === at ? seen : { reopened: false }) })),
    );
  let begun = 0;
  fc.assert(
    fc.property(fc.array(run, { maxLength: 8 }), (runs) => {
      const pictures = runs.flat();
      const said = saidOf(pictures);
      for (const [n, fault] of said.entries()) {
        const was = n === 0 ? undefined : said[n - 1];
        // Frozen hides dark: what comes out from behind it need not have begun then.
        if (fault === was || (was === 'frozen' && fault === 'dark')) continue;
        begun += 1;
        if (was === 'frozen') expect(pictures[n]?.repeats).toBe(false);
        else if (fault === 'frozen')
          expect(shownForMs(pictures, n, ({ repeats }) => repeats)).toBeGreaterThanOrEqual(FAULT_AFTER_MS);
        else if (fault === 'dark')
          expect(shownForMs(pictures, n, ({ brightest }) => brightest === 0)).toBeGreaterThanOrEqual(FAULT_AFTER_MS);
        else expect(shownForMs(pictures, n, ({ brightest }) => brightest > 0)).toBeGreaterThanOrEqual(BRIGHT_AFTER_MS);
      }
    }),
    { numRuns: 300 },
  );
  expect(begun).toBeGreaterThan(50);
});

/** For how long the pictures up to this one have shown it, without a gap and from one opening; a repeat counts from the picture it repeats. */
function shownForMs(
  pictures: readonly Required<Seen>[],
  last: number,
  shows: (seen: Required<Seen>) => boolean,
): number {
  let ms = 0;
  for (let n = last; n >= 0; n--) {
    const seen = pictures[n];
    if (!seen || !shows(seen)) break;
    if (seen.reopened || seen.afterMs > GAP_MS) break;
    ms += seen.afterMs;
  }
  return ms;
}

test('a recording may repeat a picture for ever, a stream longer than a camera that codes each picture by itself', () => {
  const may = (['replay', 'gstreamer', 'device', 'rpicam'] as const).map(frozenAfterMs);
  expect(may).toEqual([undefined, STREAM_FROZEN_AFTER_MS, FAULT_AFTER_MS, FAULT_AFTER_MS]);
});
