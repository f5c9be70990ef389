import { describe, expect, test } from 'vitest';
import type { DecisionRule } from '../../src/access/decision.js';
import type { LivenessRefusal } from '../../src/liveness/liveness-tracks.js';
import { means, Scene, type Seen, says } from './sample.js';

const ada: Seen = { claim: means('ada') };
const bob: Seen = { claim: means('bob'), x: 300, angle: 2 };
const stranger: Seen = { claim: says('nobody'), x: 300, angle: 3 };

describe('letting in', () => {
  test('three good frames of five open the door, once, and the grant says how long it took', () => {
    const scene = new Scene().watch([ada], 10);
    expect(scene.outcomes).toEqual([{ kind: 'grant', track: 1, person: 'ada', distance: 0.3, afterMs: 200 }]);
  });

  test('a stranger is refused as soon as the frames are enough, and only once', () => {
    const scene = new Scene().watch([stranger], 20);
    expect(scene.refusals).toEqual(['nobody']);
    expect(new Scene().watch([stranger], 4).refusals).toEqual([]);
  });

  test('each reason is reported once a track, however often it comes back', () => {
    const scene = new Scene({ agree: 5 });
    for (let i = 0; i < 40; i++) scene.watch([{ claim: says(i % 10 < 5 ? 'nobody' : 'low-quality') }], 1, i);
    expect(scene.refusals.sort()).toEqual(['low-quality', 'nobody']);
  });

  test('a refusal carries only the detail of its own reason', () => {
    const scene = new Scene().watch([{ claim: says('low-quality', 'the face is blurred') }], 5);
    expect(scene.outcomes).toMatchObject([{ reason: 'low-quality', detail: 'the face is blurred', person: undefined }]);
  });

  test('a person whom the access rules refuse is refused by name and with their reason', () => {
    const scene = new Scene({}, { whyNotEnter: () => 'expired' }).watch([ada], 6);
    expect(scene.outcomes).toMatchObject([{ kind: 'refuse', reason: 'expired', person: 'ada', distance: 0.3 }]);
    expect(scene.outcomes[0]).toMatchObject({ detail: undefined });
  });

  test('a person whom the rules begin to allow while they wait is let in', () => {
    let allowed = false;
    const scene = new Scene({}, { whyNotEnter: () => (allowed ? undefined : 'no-access-now') }).watch([ada], 6);
    allowed = true;
    scene.watch([ada], 1, 6);
    expect([scene.refusals, scene.grants]).toEqual([['no-access-now'], ['ada']]);
  });
});

describe('a person who turns the head', () => {
  const turned: Seen = { claim: says('low-quality', 'the face is turned away') };

  test.each([
    ['is let in when they prove alive while still known', 300, ['ada']],
    ['is not let in when the frames that recognised them are too old by then', 601, []],
  ])('%s', (_what, gapMs, grants) => {
    let alive = false;
    const waiting: LivenessRefusal = { reason: 'liveness-unknown', detail: 'turn the head', settled: false };
    const scene = new Scene({}, { livenessRefusal: () => (alive ? undefined : waiting) }).watch([ada], 4);
    alive = true;
    scene.see({ frame: 4, takenMs: 300 + gapMs, seen: [turned] });
    expect([scene.grants, scene.refusals]).toEqual([grants, []]);
  });
});

describe('the age of a frame', () => {
  test.each([
    ['up to 600 ms is fresh enough', 600, ['ada'], []],
    ['of 601 ms is refused as stale', 601, [], ['stale']],
    ['below zero, from the future, is refused as stale', -1, [], ['stale']],
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
    const scene = new Scene({}, { whyNotEnter: () => 'no-access-now' }).watch([ada], 5);
    const later = new Scene();
    later.tracks = scene.tracks;
    later.see({ frame: 5, takenMs: 500, seen: [] });
    expect(later.outcomes).toEqual([]);
  });
});

describe('several people', () => {
  const near = { ...ada, size: 150 };
  test.each([
    ['all-known', 'two known people are both let in', [ada, bob], ['ada', 'bob'], []],
    ['all-known', 'a known person is let in beside a stranger', [ada, stranger], ['ada'], ['nobody']],
    ['nearest-only', 'two known people are let in, the nearest first', [bob, near], ['ada', 'bob'], []],
    [
      'nearest-only',
      'nobody is let in behind a nearer stranger',
      [ada, { ...stranger, size: 150 }],
      [],
      ['nobody', 'several-faces'],
    ],
    ['deny-if-stranger', 'two known people are both let in', [ada, bob], ['ada', 'bob'], []],
    ['deny-if-stranger', 'nobody is let in beside a stranger', [ada, stranger], [], ['several-faces', 'nobody']],
  ] as const)('%s: %s', (faces, _rule, seen, grants, refusals) => {
    const scene = new Scene({ faces }).watch(seen, 6);
    expect([scene.grants, scene.refusals]).toEqual([grants, refusals]);
  });

  test.each(['nearest-only', 'deny-if-stranger'] as const)(
    'who was let in is nobody’s rival, though they turn away or stand there: the next one comes in with the next frame (%s)',
    (faces) => {
      const scene = new Scene({ faces }).watch([near], 4);
      expect(scene.grants).toEqual(['ada']);
      scene.watch([{ ...near, claim: says('low-quality') }, bob], 3, 4);
      expect([scene.grants, scene.refusals]).toEqual([['ada', 'bob'], []]);
    },
  );

  test('a person in their cooldown is nobody’s rival either', () => {
    const back = { ...near, angle: 1 };
    const scene = new Scene({ faces: 'nearest-only' }).watch([near], 4).watch([back, bob], 4, 20);
    expect([scene.grants, scene.refusals]).toEqual([['ada', 'bob'], ['cooldown']]);
  });

  test('in one frame at most one is let in by nearest-only: they come in one after the other', () => {
    const scene = new Scene({ faces: 'nearest-only' });
    for (let frame = 0; frame < 6; frame++) {
      const outcomes = scene.see({ frame, takenMs: frame * 100, seen: [bob, near] });
      expect(outcomes.filter(({ kind }) => kind === 'grant').length).toBeLessThanOrEqual(1);
    }
    expect(scene.grants).toEqual(['ada', 'bob']);
  });

  test('while the nearest may still be let in, the one behind is refused nothing', () => {
    const waiting: LivenessRefusal = { reason: 'liveness-unknown', detail: 'wait', settled: false };
    const livenessRefusal = (track: number) => (track === 1 ? waiting : undefined);
    const scene = new Scene({ faces: 'nearest-only' }, { livenessRefusal }).watch([near, bob], 20);
    expect(scene.outcomes).toEqual([]);
  });

  test.each<[DecisionRule['faces'], 'picture' | 'poster', Seen, string[]]>([
    ['nearest-only', 'picture', { ...stranger, size: 150 }, ['bob']],
    ['nearest-only', 'poster', { ...stranger, size: 150 }, ['bob']],
    ['deny-if-stranger', 'picture', stranger, []],
    // Whom the picture shows says nothing of who holds it.
    ['deny-if-stranger', 'picture', { ...ada, x: 300 }, []],
    ['deny-if-stranger', 'poster', stranger, ['bob']],
  ])('%s: beside a %s', (faces, what, shown, grants) => {
    const spoof: LivenessRefusal = { reason: 'spoof', detail: 'a picture', settled: what === 'picture' };
    const [pictureOf, livenessRefusal] = [
      (track: number) => (track === 1 ? what : undefined),
      (track: number) => (track === 1 ? spoof : undefined),
    ];
    const scene = new Scene({ faces }, { pictureOf, livenessRefusal });
    scene.watch([shown, { ...bob, x: 0 }], 8);
    expect(scene.grants).toEqual(grants);
    expect(scene.refusals.includes('spoof')).toBe(what === 'picture');
    expect(scene.refusals.includes('several-faces')).toBe(grants.length === 0);
  });

  test('what a track is that is no person is asked once a frame, however many faces there are', () => {
    const asked: number[] = [];
    const pictureOf = (track: number) => {
      asked.push(track);
      return undefined;
    };
    const crowd = Array.from({ length: 8 }, (_, i): Seen => ({ ...stranger, x: 300 * i, size: 50 + i }));
    const scene = new Scene({ faces: 'nearest-only' }, { pictureOf });
    for (let frame = 0; frame < 4; frame++) {
      asked.length = 0;
      scene.watch([{ ...ada, size: 40, x: 4000 }, ...crowd], 1, frame);
      expect(asked.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test('a picture of Ada that is more like her than she is does not keep her out', () => {
    const badge: Seen = { claim: means('ada', 0.05), x: 300, size: 40, angle: 2 };
    const spoof: LivenessRefusal = { reason: 'spoof', detail: 'a picture', settled: true };
    const [pictureOf, livenessRefusal] = [
      (track: number) => (track === 2 ? ('picture' as const) : undefined),
      (track: number) => (track === 2 ? spoof : undefined),
    ];
    for (const faces of ['nearest-only', 'all-known'] as const)
      expect(new Scene({ faces }, { pictureOf, livenessRefusal }).watch([ada, badge], 6).grants).toEqual(['ada']);
    // Were it a face, it would be she.
    const taken = new Scene({ faces: 'all-known' }).watch([ada, badge], 6);
    expect(taken.outcomes).toMatchObject([
      { reason: 'ambiguous', track: 1 },
      { kind: 'grant', track: 2 },
    ]);
  });

  test('a known person is let in once the stranger has gone for longer than a missed frame', () => {
    const scene = new Scene({ faces: 'deny-if-stranger' }).watch([ada, stranger], 6).watch([ada], 6, 6);
    expect(scene.grants).toEqual([]);
    scene.watch([ada], 1, 12);
    expect(scene.grants).toEqual(['ada']);
  });

  test('a nearer person who is missed for a moment still counts as the nearest', () => {
    const scene = new Scene({ faces: 'nearest-only' }, { whyNotEnter: (id) => (id === 'ada' ? 'expired' : undefined) });
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
  ])('a person who comes back %s', (_when, gapMs, grants, refusals) => {
    const scene = again(gapMs);
    expect([scene.grants, scene.refusals]).toEqual([grants, refusals]);
  });

  test('a person who never goes away is not let in a second time, however long they stand there', () => {
    const scene = new Scene()
      .watch([ada], 3)
      .watch([{ ...ada, angle: 1 }], 100, 3)
      .watch([{ ...ada, angle: 2 }], 100, 103);
    expect(scene.grants).toEqual(['ada']);
    expect(new Set(scene.refusals)).toEqual(new Set(['cooldown']));
  });

  test('a person who stands there while the camera repeats its pictures is not let in a second time; nor has one who had gone come back', () => {
    const scene = new Scene().watch([ada, bob], 5).watch([ada], 5, 5).repeats(20_000);
    expect(scene.grants).toEqual(['ada', 'bob']);
    for (let i = 0; i < 5; i++) scene.see({ frame: 300 + i, takenMs: 20_500 + i * 100, seen: [ada, bob] });
    expect([scene.grants, scene.refusals]).toEqual([['ada', 'bob', 'bob'], ['cooldown']]);
  });

  test("one person's cooldown is not another's", () => {
    const scene = new Scene().watch([ada], 5).watch([bob], 5, 5);
    expect(scene.grants).toEqual(['ada', 'bob']);
  });
});

describe('nobody is in two places', () => {
  test.each(['all-known', 'deny-if-stranger'] as const)(
    'of two faces taken for Ada the less alike one is refused (%s)',
    (faces) => {
      const alike: Seen = { claim: means('ada', 0.9), x: 300, angle: 2 };
      const scene = new Scene({ faces }).watch([ada, alike], 8);
      expect(scene.outcomes).toMatchObject([
        { kind: 'grant', track: 1, person: 'ada' },
        {
          kind: 'refuse',
          track: 2,
          reason: 'ambiguous',
          detail: 'another face here is more like this person: come one at a time',
        },
      ]);
    },
  );
});

describe('a living face', () => {
  const refusedFor = (reason: LivenessRefusal['reason'], settled: boolean): LivenessRefusal => ({
    reason,
    detail: `because ${reason}`,
    settled,
  });

  test('a picture is refused at once, even one of a stranger', () => {
    const livenessRefusal = () => refusedFor('spoof', true);
    const scene = new Scene({}, { livenessRefusal }).watch([{ claim: says('nobody') }], 1);
    expect(scene.outcomes).toMatchObject([{ reason: 'spoof', detail: 'because spoof' }]);
    expect(new Scene({}, { livenessRefusal }).watch([ada], 20).grants).toEqual([]);
  });

  test('while liveness is not settled nothing is reported and nobody is let in', () => {
    const scene = new Scene({}, { livenessRefusal: () => refusedFor('liveness-unknown', false) }).watch([ada], 20);
    expect(scene.outcomes).toEqual([]);
  });

  test('liveness that is not settled in time is refused; a face that proves alive after all is let in', () => {
    let known: LivenessRefusal | undefined = refusedFor('liveness-unknown', true);
    const scene = new Scene({}, { livenessRefusal: () => known }).watch([ada], 6);
    expect([scene.refusals, scene.grants]).toEqual([['liveness-unknown'], []]);
    known = undefined;
    expect(scene.watch([ada], 1, 6).grants).toEqual(['ada']);
  });

  test('a place that is locked out lets nobody in', () => {
    expect(new Scene({}, { livenessRefusal: () => refusedFor('lockout', true) }).watch([ada], 9).refusals).toEqual([
      'lockout',
    ]);
  });

  test('each track is judged by its own liveness', () => {
    const livenessRefusal = (track: number) => (track === 1 ? refusedFor('spoof', true) : undefined);
    const scene = new Scene({ faces: 'all-known' }, { livenessRefusal }).watch([ada, { ...bob, x: 400 }], 6);
    expect([scene.grants, scene.refusals]).toEqual([['bob'], ['spoof']]);
  });
});
