import { beforeAll, beforeEach, expect, test } from 'vitest';
import { Attention } from '../../../src/face/following/attention.js';
import type { Pace } from '../../../src/face/following/plan.js';
import { iou } from '../../../src/face/geometry.js';
import type { FaceMeter, Found } from '../../../src/face/measure.js';
import type { Box, MeasuredFace } from '../../../src/face/observation.js';
import { monotonicMs } from '../../../src/kit/clock.js';
import { loadOpenCv } from '../../../src/kit/opencv/binding.js';
import { Picture } from '../../../src/kit/opencv/picture.js';
import { seeded } from '../../../src/kit/seeded-random.js';
import { measuredFace } from '../faces.js';
import { boxAt } from './looks.js';

const PACE: Pace = { everyFrame: 'needed', decidingMs: 90, settledMs: 800, emptyMs: 1000 };
const FRAME = { width: 640, height: 480 };

interface Standing {
  readonly person: number;
  readonly box: Box;
}

/** Networks that see who stands there, each in the place where they look; counts what runs. */
class FakeMeter implements Pick<FaceMeter, 'encoderId' | 'find' | 'look' | 'measure'> {
  readonly encoderId = 'small@0123456789ab';
  there: readonly Standing[] = [];
  readonly ran: string[] = [];

  async find(_frame: Picture, known: readonly Box[], search: boolean): Promise<Found> {
    this.ran.push(search ? 'search' : 'follow');
    const faces = this.there
      .filter(({ box }) => search || known.some((one) => iou(one, box) > 0.2))
      .map(({ box }) => ({ box, score: 0.9 }));
    return { proposals: [], confirmed: faces, faces };
  }

  async look(_frame: Picture, { faces }: Found) {
    this.ran.push('look');
    return { proposed: 0, support: 0, faces: faces.map(({ box }): MeasuredFace => measuredFace({ box })) };
  }

  async measure(frame: Picture) {
    return this.look(frame, await this.find(frame, [], true));
  }
}

/** A grey wall, and before it people with patterns of their own. */
function pictureOf(there: readonly Standing[]): Picture {
  const bytes = Buffer.alloc(FRAME.width * FRAME.height * 3, 90);
  for (const { person, box } of there) {
    const random = seeded(person);
    const levels = Array.from({ length: 64 }, () => Math.floor(40 + 170 * random()));
    for (let y = 0; y < box.height; y++)
      for (let x = 0; x < box.width; x++) {
        const level = levels[8 * Math.floor((8 * y) / box.height) + Math.floor((8 * x) / box.width)] ?? 0;
        bytes.fill(level, 3 * ((box.y + y) * FRAME.width + box.x + x), 3 * ((box.y + y) * FRAME.width + box.x + x) + 3);
      }
  }
  return Picture.fromBytes(bytes, FRAME.width, FRAME.height, 3);
}

beforeAll(loadOpenCv);

let meter: FakeMeter;
let attention: Attention;
let atMs = 1000;
beforeEach(() => {
  meter = new FakeMeter();
  attention = new Attention(meter, PACE);
  atMs = 1000;
});

/** Shows one frame. @returns what ran, and what was seen */
async function show(there: readonly Standing[], stepMs = 66) {
  meter.there = there;
  meter.ran.length = 0;
  atMs += stepMs;
  const picture = pictureOf(there);
  const seen = await attention.watch(picture, monotonicMs(atMs));
  picture.release();
  return { ...seen, ran: [...meter.ran], numbers: seen.faces.map(({ number }) => number) };
}
async function settled(there: readonly Standing[]) {
  const seen = await show(there);
  attention.settle(seen.numbers as number[]);
  return seen;
}

const ada = { person: 1, box: boxAt(300) };

test('a settled face is followed in its own place, and measured again in time', async () => {
  expect(await settled([ada])).toMatchObject({ ran: ['search', 'look'], numbers: [1] });
  for (let i = 0; i < 12; i++)
    expect(await show([ada])).toMatchObject({ ran: i % 2 ? ['follow'] : [], faces: [], followed: [ada.box] });
  expect(await show([ada])).toMatchObject({ ran: ['search', 'look'], numbers: [1] });
});

test('a face that nothing is known of yet is measured in every second frame', async () => {
  const ran = [];
  for (let i = 0; i < 5; i++) ran.push((await show([ada])).followed === undefined);
  expect(ran).toEqual([true, false, true, false, true]);
});

test.each<[string, readonly Standing[], (number | undefined)[]]>([
  ['somebody else stands in the same place', [{ person: 2, box: ada.box }], [2]],
  ['the face is gone', [], []],
  ['the face has jumped', [{ person: 1, box: boxAt(355) }], [2]],
])('where %s, everything is measured in that very frame', async (_what, there, numbers) => {
  await settled([ada]);
  await show([ada]);
  const seen = await show(there);
  expect(seen.followed).toBeUndefined();
  expect(seen.ran.slice(-2)).toEqual(['search', 'look']);
  expect(seen.numbers).toEqual(numbers);
});

test('a settled face that moves is found again in every frame', async () => {
  await settled([ada]);
  for (const x of [310, 320, 330]) {
    const box = boxAt(x);
    expect(await show([{ person: 1, box }])).toMatchObject({ ran: ['follow'], followed: [box] });
  }
});

test.each([0, 1])(
  'somebody else who stands in the place of a settled face after %i frames is measured at once',
  async (n) => {
    await settled([ada]);
    for (let i = 0; i < n; i++) await show([ada]);
    const seen = await show([{ person: 2, box: ada.box }]);
    expect(seen.followed).toBeUndefined();
    expect(seen.numbers).toEqual([2]);
  },
);

test('another one who comes far away is measured within 190 ms, and the settled one with them', async () => {
  await settled([ada]);
  const both = [ada, { person: 2, box: boxAt(20, 10) }];
  const numbers = [];
  for (let i = 0; i < 3; i++) numbers.push((await show(both)).numbers);
  expect(numbers).toEqual([[], [], [1, 2]]);
});

test('an empty frame costs nothing while nothing moves, and a search when something does', async () => {
  await show([]);
  for (let i = 0; i < 40; i++) await show([]);
  expect(await show([])).toMatchObject({ faces: [], followed: [], ran: [] });
  expect((await show([ada])).numbers).toEqual([1]);
});

test('where everything is asked for, every frame is measured as a photo is, and nothing is numbered', async () => {
  attention = new Attention(meter, { ...PACE, everyFrame: 'full' });
  for (let i = 0; i < 5; i++)
    expect(await settled([ada])).toMatchObject({ ran: ['search', 'look'], numbers: [undefined] });
});
