import { describe, expect, test } from 'vitest';
import type { LivenessRefusal } from '../../src/liveness/liveness-tracks.js';
import { means, Scene, type Seen, says } from './sample.js';

const ada: Seen = { claim: means('ada') };
const bob: Seen = { claim: means('bob'), x: 300, angle: 2 };
const stranger: Seen = { claim: says('nobody'), x: 300, angle: 3 };

describe('letting in', () => {
  test('three good frames of five open, once, and say how long it took', () => {
    const scene = new Scene().watch([ada], 10);
    expect(scene.outcomes).toEqual([{ kind: 'grant', track: 1, person: 'ada', distance: 0.3, afterMs: 200 }]);
  });

  test('a stranger is refused once the frames are enough, once', () => {
    const scene = new Scene().watch([stranger], 20);
    expect(scene.refusals).toEqual(['nobody']);
    expect(new Scene().watch([stranger], 4).refusals).toEqual([]);
  });

  test('each reason is told once a track, however often it comes back', () => {
    const scene = new Scene({ agree: 5 });
    for (let i = 0; i < 40; i++) scene.watch([{ claim: says(i % 10 < 5 ? 'nobody' : 'low-quality') }], 1, i);
    expect(scene.refusals.sort()).toEqual(['low-quality', 'nobody']);
  });

  test('a reason is told with its own words only', () => {
    const scene = new Scene().watch([{ claim: says('low-quality', 'the face is blurred') }], 5);
    expect(scene.outcomes).toMatchObject([{ reason: 'low-quality', detail: 'the face is blurred', person: undefined }]);
  });

  test('whom the access rules refuse is refused with their reason and his name', () => {
    const scene = new Scene({}, { mayEnter: () => 'expired' }).watch([ada], 6);
    expect(scene.outcomes).toMatchObject([{ kind: 'refuse', reason: 'expired', person: 'ada', distance: 0.3 }]);
    expect(scene.outcomes[0]).toMatchObject({ detail: undefined });
  });

  test('whom the rules begin to allow while he waits is let in', () => {
    let allowed = false;
    const scene = new Scene({}, { mayEnter: () => (allowed ? undefined : 'no-access-now') }).watch([ada], 6);
    allowed = true;
    scene.watch([ada], 1, 6);
    expect([scene.refusals, scene.grants]).toEqual([['no-access-now'], ['ada']]);
  });
});

describe('who turns the head', () => {
  const turned: Seen = { claim: says('low-quality', 'the face is turned away') };

  test.each([
    ['is let in when he turns alive while he is still known', 300, ['ada']],
    ['not when the frames that knew him are too old by then', 601, []],
  ])('%s', (_what, gapMs, grants) => {
    let alive = false;
    const waiting: LivenessRefusal = { reason: 'liveness-unknown', detail: 'turn the head', settled: false };
    const scene = new Scene({}, { alive: () => (alive ? undefined : waiting) }).watch([ada], 4);
    alive = true;
    scene.see({ frame: 4, takenMs: 300 + gapMs, seen: [turned] });
    expect([scene.grants, scene.refusals]).toEqual([grants, []]);
  });
});

describe('what is too old', () => {
  test.each([
    ['600 ms old is fresh enough', 600, ['ada'], []],
    ['601 ms old is not', 601, [], ['stale']],
    ['from the future is not', -1, [], ['stale']],
  ])('%s', (_what, ageMs, grants, refusals) => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++)
      scene.see({ frame: i, takenMs: 1000 + i * 100, nowMs: 1000 + i * 100 + ageMs, seen: [ada] });
    expect([scene.grants, scene.refusals]).toEqual([grants, refusals]);
  });

  test('an old frame that comes a second time with a new time opens nothing', () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i++) scene.see({ frame: i, takenMs: i * 100, nowMs: i * 100 + 5000, seen: [ada] });
    scene.see({ frame: 2, takenMs: 900, seen: [ada] });
    expect(scene.grants).toEqual([]);
  });

  test('a person who is no longer in the picture opens nothing', () => {
    const scene = new Scene({}, { mayEnter: () => 'no-access-now' }).watch([ada], 5);
    const later = new Scene();
    later.tracks = scene.tracks;
    later.see({ frame: 5, takenMs: 500, seen: [] });
    expect(later.outcomes).toEqual([]);
  });
});

describe('several people', () => {
  const near = { ...ada, size: 150 };
  test.each([
    ['all-known', 'both who are known are let in', [ada, bob], ['ada', 'bob'], []],
    ['all-known', 'the known one is let in beside a stranger', [ada, stranger], ['ada'], ['nobody']],
    ['nearest-only', 'only the nearest is let in', [near, bob], ['ada'], ['several-faces']],
    [
      'nearest-only',
      'nobody is let in behind a nearer stranger',
      [ada, { ...stranger, size: 150 }],
      [],
      ['several-faces', 'nobody'],
    ],
    ['deny-if-stranger', 'both who are known are let in', [ada, bob], ['ada', 'bob'], []],
    ['deny-if-stranger', 'nobody is let in beside a stranger', [ada, stranger], [], ['several-faces', 'nobody']],
  ] as const)('%s: %s', (faces, _rule, seen, grants, refusals) => {
    const scene = new Scene({ faces }).watch(seen, 6);
    expect([scene.grants, scene.refusals]).toEqual([grants, refusals]);
  });

  test('when the stranger has gone, and not only for a blink, the known one is let in', () => {
    const scene = new Scene({ faces: 'deny-if-stranger' }).watch([ada, stranger], 6).watch([ada], 6, 6);
    expect(scene.grants).toEqual([]);
    scene.watch([ada], 1, 12);
    expect(scene.grants).toEqual(['ada']);
  });

  test('a nearer person who is missed in one frame is still nearer', () => {
    const scene = new Scene({ faces: 'nearest-only' }, { mayEnter: (id) => (id === 'ada' ? 'expired' : undefined) });
    scene.watch([near, bob], 5).watch([bob], 5, 5);
    expect(scene.grants).toEqual([]);
  });
});

describe('cooldown', () => {
  const again = (gapMs: number) => {
    const scene = new Scene().watch([ada], 5);
    for (let i = 0; i < 5; i++) scene.see({ frame: 100 + i, takenMs: 400 + gapMs + i * 100, seen: [ada] });
    return scene;
  };

  test.each([
    ['at once, on a new approach, is refused', 1500, ['ada'], ['cooldown']],
    ['after the cooldown is let in again', 5000, ['ada', 'ada'], []],
  ])('who comes back %s', (_when, gapMs, grants, refusals) => {
    const scene = again(gapMs);
    expect([scene.grants, scene.refusals]).toEqual([grants, refusals]);
  });

  test('who never goes away is not let in a second time, however long he stands there', () => {
    const scene = new Scene()
      .watch([ada], 3)
      .watch([{ ...ada, angle: 1 }], 100, 3)
      .watch([{ ...ada, angle: 2 }], 100, 103);
    expect(scene.grants).toEqual(['ada']);
    expect(new Set(scene.refusals)).toEqual(new Set(['cooldown']));
  });

  test("one person's cooldown is not another's", () => {
    const scene = new Scene().watch([ada], 5).watch([bob], 5, 5);
    expect(scene.grants).toEqual(['ada', 'bob']);
  });
});

describe('nobody is in two places', () => {
  test.each(['all-known', 'deny-if-stranger'] as const)(
    'of two faces that mean Ada the less alike is refused (%s)',
    (faces) => {
      const alike: Seen = { claim: means('ada', 0.9), x: 300, angle: 2 };
      const scene = new Scene({ faces }).watch([ada, alike], 8);
      expect(scene.outcomes).toMatchObject([
        { kind: 'grant', track: 1, person: 'ada' },
        { kind: 'refuse', track: 2, reason: 'ambiguous', detail: 'another face here is more like this person' },
      ]);
    },
  );
});

describe('a living face', () => {
  const against = (reason: LivenessRefusal['reason'], settled: boolean): LivenessRefusal => ({
    reason,
    detail: `because ${reason}`,
    settled,
  });

  test('a picture is refused at once, even of somebody whom nobody knows', () => {
    const alive = () => against('spoof', true);
    const scene = new Scene({}, { alive }).watch([{ claim: says('nobody') }], 1);
    expect(scene.outcomes).toMatchObject([{ reason: 'spoof', detail: 'because spoof' }]);
    expect(new Scene({}, { alive }).watch([ada], 20).grants).toEqual([]);
  });

  test('while it is not settled nothing is told, and nobody let in', () => {
    const scene = new Scene({}, { alive: () => against('liveness-unknown', false) }).watch([ada], 20);
    expect(scene.outcomes).toEqual([]);
  });

  test('what could not be settled in time is refused; who lives after all is let in', () => {
    let known: LivenessRefusal | undefined = against('liveness-unknown', true);
    const scene = new Scene({}, { alive: () => known }).watch([ada], 6);
    expect([scene.refusals, scene.grants]).toEqual([['liveness-unknown'], []]);
    known = undefined;
    expect(scene.watch([ada], 1, 6).grants).toEqual(['ada']);
  });

  test('a place that is shut lets nobody in', () => {
    expect(new Scene({}, { alive: () => against('lockout', true) }).watch([ada], 9).refusals).toEqual(['lockout']);
  });

  test('each track is asked for itself', () => {
    const alive = (track: number) => (track === 1 ? against('spoof', true) : undefined);
    const scene = new Scene({ faces: 'all-known' }, { alive }).watch([ada, { ...bob, x: 400 }], 6);
    expect([scene.grants, scene.refusals]).toEqual([['bob'], ['spoof']]);
  });
});
