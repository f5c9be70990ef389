import { describe, expect, test } from 'vitest';
import {
  DARK_BELOW,
  FAULT_AFTER_MS,
  faultOf,
  frozenAfterMs,
  lookAgain,
  type PictureFault,
  type PictureLook,
  STREAM_FROZEN_AFTER_MS,
} from '../../src/camera/picture-fault.js';
import { monotonicMs } from '../../src/kit/clock.js';

interface Seen {
  readonly repeats?: boolean;
  readonly brightest?: number;
}

/** What is said of the last of these pictures, one a second. */
function saidOf(pictures: readonly Seen[]): PictureFault | undefined {
  let look: PictureLook | undefined;
  let atMs = monotonicMs(5000);
  for (const [n, { repeats = false, brightest = 200 }] of pictures.entries()) {
    atMs = monotonicMs(5000 + n * 1000);
    look = lookAgain(look, { atMs, repeats, brightest });
  }
  return look && faultOf(look, atMs, FAULT_AFTER_MS);
}

const LONG = FAULT_AFTER_MS / 1000;
const times = (count: number, seen: Seen): Seen[] => Array.from({ length: count }, () => seen);
const first: Seen = {};
const same: Seen = { repeats: true };
const dark: Seen = { brightest: DARK_BELOW - 1 };

describe('the pictures of a camera that delivers', () => {
  test.each<[string, readonly Seen[], PictureFault | undefined]>([
    ['each another one: nothing is wrong', times(60, first), undefined],
    ['the same for a moment less than long: nothing yet', [first, ...times(LONG - 1, same)], undefined],
    ['the same for long: frozen', [first, ...times(LONG, same)], 'frozen'],
    ['another one after that: it is over', [first, ...times(LONG, same), first], undefined],
    ['the same again after another: counted anew', [first, ...times(LONG, same), first, ...times(5, same)], undefined],
    ['black for a moment: a hand on the lens', [first, ...times(LONG, dark)], undefined],
    ['black for long: dark', [first, ...times(LONG + 1, dark)], 'dark'],
    ['from the first picture on', times(LONG + 1, dark), 'dark'],
    ['black, and the same: dark says more', times(LONG + 1, { ...dark, repeats: true }), 'dark'],
    ['a little brighter than black is still dark', [...times(LONG + 1, dark), { brightest: DARK_BELOW + 2 }], 'dark'],
    ['bright again: it is over', [...times(LONG + 1, dark), first], undefined],
    ['dim, but not black: nothing is wrong', times(60, { brightest: DARK_BELOW }), undefined],
  ])('%s', (_rule, pictures, said) => expect(saidOf(pictures)).toBe(said));
});

test('a recording may repeat a picture for ever, a stream longer than a camera that codes each picture by itself', () => {
  const may = (['replay', 'gstreamer', 'device', 'rpicam'] as const).map(frozenAfterMs);
  expect(may).toEqual([undefined, STREAM_FROZEN_AFTER_MS, FAULT_AFTER_MS, FAULT_AFTER_MS]);
});
