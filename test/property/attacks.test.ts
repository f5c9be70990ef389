/** Attacks on the whole gate: whatever is shown, they keep nobody out but the attacker. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POSTER_AFTER_MS } from '../../src/liveness/shown-pictures.js';
import { type Appearance, faceOf, GateScene, observationOf, turning, WHO } from './gate-scene.js';

const STEP_MS = 125;
/** A living person is through after this, with the default settings. */
const LET_IN_MS = 1000;

/** Shows frames from a time on until `untilMs`. @returns who was let in, and when */
function watch(scene: GateScene, fromMs: number, untilMs: number, shown: (ms: number) => readonly Appearance[]) {
  const grants: { readonly who: string | undefined; readonly ms: number }[] = [];
  for (let ms = fromMs; ms <= untilMs; ms += STEP_MS) {
    const faces = shown(ms).map((one) => faceOf({ yaw: turning(ms), ...one }));
    for (const { type, person } of scene.see(observationOf({ frame: ms / STEP_MS, takenMs: ms, faces })))
      if (type === 'granted') grants.push({ who: person?.id, ms });
  }
  return grants;
}
const reasonsOf = (scene: GateScene, who: string) =>
  scene.decisions.filter(({ person, type }) => person?.id === who && type === 'refused').map(({ reason }) => reason);

describe('two colleagues side by side', () => {
  const both = [
    { angle: WHO.ada, x: 250, size: 170 },
    { angle: WHO.bob, x: 520, size: 130 },
  ];

  test('get in one after the other, within two seconds each, while the first still stands there', () => {
    const scene = new GateScene();
    const grants = watch(scene, 0, 6000, () => both);
    expect(grants.map(({ who }) => who)).toEqual(['ada', 'bob']);
    const [first = 0, second = 0] = grants.map(({ ms }) => ms);
    expect(first).toBeLessThanOrEqual(2000);
    expect(second - first).toBeGreaterThan(0);
    expect(second - first).toBeLessThanOrEqual(2000);
    expect([scene.welcomed, scene.advice, reasonsOf(scene, 'bob')]).toEqual([['ada', 'bob'], [], []]);
  });

  test('the second comes later and nearer, or farther: neither waits until the other has left', () => {
    for (const size of [100, 240]) {
      const scene = new GateScene();
      watch(scene, 0, 3000, () => [{ angle: WHO.ada, x: 250, size: 170 }]);
      const late = watch(scene, 3125, 3000 + LET_IN_MS, () => [
        { angle: WHO.ada, x: 250, size: 170 },
        { angle: WHO.bob, x: 560, size },
      ]);
      expect(late.map(({ who }) => who)).toEqual(['bob']);
    }
  });

  test('behind a nearer stranger nobody gets in; they are told by voice and by text what to do', () => {
    const scene = new GateScene();
    const grants = watch(scene, 0, 4000, () => [
      { angle: WHO.stranger, x: 250, size: 170 },
      { angle: WHO.bob, x: 520, size: 130 },
    ]);
    expect([grants, scene.advice, reasonsOf(scene, 'bob')]).toEqual([[], ['one-at-a-time'], ['several-faces']]);
    expect(scene.decisions.find(({ reason }) => reason === 'several-faces')?.text).toContain('one at a time');
  });
});

/** Pictures of anybody, waved about at one place; each is clearly one. */
const attack = fc.array(
  fc.record({
    angle: fc.constantFrom<number>(...Object.values(WHO)),
    x: fc.integer({ min: 150, max: 350 }),
    size: fc.constantFrom(80, 150, 200),
    frames: fc.integer({ min: 1, max: 20 }),
    pause: fc.constantFrom(0, 0, 4, 12),
    llr: fc.constantFrom(-4, -6, -8),
  }),
  { minLength: 1, maxLength: 8 },
);
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never;

/** What the attackers hold up, frame by frame. */
const filmOf = (attacks: Attack): readonly (Appearance | undefined)[] =>
  attacks.flatMap(({ frames, pause, ...shown }) => [
    ...Array.from({ length: frames }, () => ({ ...shown, flat: true })),
    ...Array.from({ length: pause }, () => undefined),
  ]);

describe('no order of attacks keeps others out', () => {
  test('an enrolled person at another place gets in while the attack goes on, though their own pictures are shown', () => {
    fc.assert(
      fc.property(attack, (attacks) => {
        const scene = new GateScene();
        const film = filmOf(attacks);
        const grants = watch(scene, 0, 5000, (ms) => {
          const shown = film[(ms / STEP_MS) % film.length];
          return [{ angle: WHO.ada, x: 800, size: 140 }, ...(shown ? [shown] : [])];
        });
        expect(grants.map(({ who }) => who)).toEqual(['ada']);
        // A second more at most, where pictures of Ada were shown again and again.
        expect(grants[0]?.ms).toBeLessThanOrEqual(LET_IN_MS + 1000);
      }),
      { numRuns: 40 },
    );
  });

  test('the next person at the same place gets in, five seconds after the last picture, whoever was shown', () => {
    fc.assert(
      fc.property(attack, (attacks) => {
        const scene = new GateScene();
        const film = filmOf(attacks);
        const endMs = film.length * STEP_MS;
        expect(watch(scene, 0, endMs - STEP_MS, (ms) => [film[ms / STEP_MS]].flatMap((one) => one ?? []))).toEqual([]);
        // A second more, where pictures of Bob were shown again and again.
        const grants = watch(scene, endMs, endMs + 5000 + 1000 + LET_IN_MS, () => [
          { angle: WHO.bob, x: 250, size: 150 },
        ]);
        expect(grants.map(({ who }) => who)).toEqual(['bob']);
      }),
      { numRuns: 40 },
    );
  });
});

// Within a second and in its very place the track takes both for one: its evidence has to fade. Later nothing is left of it.
test.each([
  [20_000, 125, -2, 3000],
  [20_000, 125, -8, 3000],
  [20_000, 500, -8, 3000],
  [20_000, 1125, -8, 500],
  [3000, 2000, -4, 500],
])(
  'Bob steps into the place of his own picture, shown for %i ms and gone for %i ms (evidence %i): five seconds and at most %i ms more',
  (heldMs, goneMs, llr, moreMs) => {
    const scene = new GateScene();
    watch(scene, 0, heldMs, () => [{ angle: WHO.bob, llr, flat: true }]);
    const start = heldMs + goneMs;
    const [grant] = watch(scene, start, start + 9000, () => [{ angle: WHO.bob }]);
    expect(grant?.ms).toBeGreaterThanOrEqual(heldMs + 5000);
    expect(grant?.ms).toBeLessThanOrEqual(heldMs + 5000 + moreMs);
  },
);

test('a crowd on a picture that is waved wildly leaves room for a person who comes', () => {
  const scene = new GateScene();
  // In the next frame all of them are elsewhere.
  const crowd = (ms: number): Appearance[] =>
    Array.from({ length: 15 }, (_, i) => {
      const spot = i + 15 * ((ms / STEP_MS) % 12);
      return { angle: 3, x: 40 + 80 * (spot % 20), y: 60 + 80 * Math.floor(spot / 20), size: 70, llr: -6, flat: true };
    });
  watch(scene, 0, 3000, crowd);
  const grants = watch(scene, 3125, 3125 + LET_IN_MS, (ms) => [...crowd(ms), { angle: WHO.ada, x: 2000, size: 60 }]);
  expect(grants.map(({ who }) => who)).toEqual(['ada']);
});

describe('a poster of Ada on the wall', () => {
  const poster: Appearance = { angle: WHO.ada, x: 700, size: 90, llr: -6, flat: true, yaw: 0 };

  test('is one event and no alarm, however long it hangs; Ada and Bob go in before it', () => {
    const scene = new GateScene();
    watch(scene, 0, POSTER_AFTER_MS + 1000, () => [poster]);
    // It is lost and found: people pass, the light goes out.
    watch(scene, 30_000, 31_000, () => []);
    watch(scene, 40_000, 41_000, () => [poster]);
    watch(scene, 60_000, 60_500, () => []);
    const start = 90_000;
    watch(scene, start, start + 500, () => [poster]);
    // Bob walks past and stands exactly before it, so that it is not seen; then Ada does, nearer to the camera.
    const bob = watch(scene, start + 625, start + 4000, () => [{ angle: WHO.bob, x: 700, size: 90 }]);
    const ada = watch(scene, start + 10_000, start + 14_000, () => [poster, { angle: WHO.ada, x: 420, size: 200 }]);
    expect([bob.map(({ who }) => who), ada.map(({ who }) => who)]).toEqual([['bob'], ['ada']]);
    expect(scene.spoofs.map(({ person }) => person?.id)).toEqual(['ada']);
    expect(scene.alarms).toEqual([]);
    expect(scene.decisions.filter(({ reason }) => reason === 'spoof')).toHaveLength(1);
  });
});

test('who was shown three times within a minute gets in, a second later than others and no longer', () => {
  const afterPictures = (count: number, waitMs: number) => {
    const scene = new GateScene();
    for (let i = 0; i < count; i++)
      watch(scene, i * 12_000, i * 12_000 + 500, () => [{ angle: WHO.ada, llr: -6, flat: true }]);
    const start = count * 12_000 + waitMs;
    const [grant] = watch(scene, start, start + 6000, () => [{ angle: WHO.ada, x: 800 }]);
    return (grant?.ms ?? Number.NaN) - start;
  };
  const usual = afterPictures(2, 0);
  expect(usual).toBeLessThanOrEqual(LET_IN_MS);
  const later = afterPictures(3, 0);
  expect(later).toBeGreaterThanOrEqual(1000);
  expect(later).toBeLessThanOrEqual(usual + 1000);
  expect(afterPictures(3, 60_000)).toBe(usual);
});

test('five pictures in a row raise the alarm once, and the door stays shut for them', () => {
  const scene = new GateScene();
  for (let i = 0; i < 8; i++)
    expect(watch(scene, i * 15_000, i * 15_000 + 1000, () => [{ angle: WHO.ada, llr: -6, flat: true }])).toEqual([]);
  expect(scene.alarms.map(({ phase, attempts, person }) => [phase, attempts, person])).toEqual([['begins', 5, 'ada']]);
  expect(scene.spoofs).toHaveLength(8);
});
