import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { means, RULE, Scene, type Seen, type Shot, says } from '../access/sample.js';

const claims = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(means('ada'), means('bob')) },
  { weight: 1, arbitrary: fc.constantFrom(says('nobody'), says('low-quality'), says('ambiguous')) },
);
/** Two people who are far apart, and the claims of a gallery that is not always right about them. */
const seen: fc.Arbitrary<Seen> = fc.record({
  claim: claims,
  x: fc.constantFrom(0, 20, 300),
  angle: fc.constantFrom(0, 0.1, 2),
});
/** Any frames at all: any order, duplicates, gaps, times that go backwards, decisions made late or early. */
const shot: fc.Arbitrary<Shot> = fc
  .record({
    frame: fc.nat({ max: 12 }),
    takenMs: fc.integer({ min: 0, max: 15 }).map((n) => n * 100),
    lateMs: fc.constantFrom(0, 0, 0, 50, 600, 700, -100),
    seen: fc.array(seen, { maxLength: 2 }),
  })
  .map(({ frame, takenMs, lateMs, seen: faces }) => ({ frame, takenMs, nowMs: takenMs + lateMs, seen: faces }));
/** A person in front of the camera, frame after frame; and in between anything, or a frame that comes again. */
const lively = fc
  .array(
    fc.record({
      claim: fc.oneof({ weight: 5, arbitrary: fc.constant(means('ada')) }, { weight: 2, arbitrary: claims }),
      lateMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-100, 700) }),
      repeats: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
      ),
      other: fc.option(shot, { freq: 4 }),
    }),
    { maxLength: 20 },
  )
  .map((steps) =>
    steps.flatMap(({ claim, lateMs, repeats, other }, i): Shot[] => {
      const takenMs = i * 100;
      const normal: Shot = { frame: i, takenMs, nowMs: takenMs + lateMs, seen: [{ claim }] };
      const again = { ...normal, frame: Math.max(0, i - repeats), takenMs: takenMs + 50, nowMs: takenMs + 50 };
      return [normal, ...(repeats > 0 ? [again] : []), ...(other ? [other] : [])];
    }),
  );
const film = fc.oneof(fc.array(shot, { maxLength: 40 }), lively);
const steady = fc
  .array(seen, { minLength: 1, maxLength: 30 })
  .map((all) => all.map((one, i): Shot => ({ frame: i, takenMs: i * 100, seen: [one] })));
const policy = fc.constantFrom('nearest-only', 'all-known', 'deny-if-stranger' as const);

describe('whatever the camera shows, in whatever order', () => {
  test('nobody is let in without enough good, fresh frames of their own, the last of them the current one', () => {
    fc.assert(
      fc.property(film, policy, (shots, faces) => {
        const scene = new Scene({ faces });
        shots.forEach((one, at) => {
          for (const outcome of scene.see(one)) {
            if (outcome.kind !== 'grant') continue;
            const track = scene.tracks.tracks.find(({ id }) => id === outcome.track);
            expect(track?.lastFrame).toBe(one.frame);
            expect(track?.lastMs).toBe(one.takenMs);
            expect((one.nowMs ?? 0) - one.takenMs).toBeGreaterThanOrEqual(0);
            expect((one.nowMs ?? 0) - one.takenMs).toBeLessThanOrEqual(RULE.maxAgeMs);
            // Different frames that showed a face with this person's claim, up to now.
            const agreeing = shots
              .slice(0, at + 1)
              .filter(({ seen: all }) =>
                all.some(({ claim }) => claim.kind === 'person' && claim.id === outcome.person),
              );
            expect(new Set(agreeing.map(({ frame }) => frame)).size).toBeGreaterThanOrEqual(RULE.agree);
            expect(new Set(agreeing.map(({ takenMs }) => takenMs)).size).toBeGreaterThanOrEqual(RULE.agree);
          }
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('a track is let in at most once', () => {
    fc.assert(
      fc.property(film, policy, (shots, faces) => {
        const scene = new Scene({ faces, cooldownMs: 0 });
        for (const one of shots) scene.see(one);
        const tracks = scene.outcomes.flatMap((outcome) => (outcome.kind === 'grant' ? [outcome.track] : []));
        expect(tracks).toHaveLength(new Set(tracks).size);
      }),
      { numRuns: 500 },
    );
  });

  test('each reason is reported at most once a track', () => {
    fc.assert(
      fc.property(film, policy, (shots, faces) => {
        const scene = new Scene({ faces });
        for (const one of shots) scene.see(one);
        const reported = scene.outcomes.flatMap((outcome) =>
          outcome.kind === 'refuse' ? [`${outcome.track} ${outcome.reason}`] : [],
        );
        expect(reported).toHaveLength(new Set(reported).size);
      }),
      { numRuns: 500 },
    );
  });

  test('a film shown backwards opens nothing', () => {
    fc.assert(
      fc.property(steady, (shots) => {
        const scene = new Scene();
        for (const one of [...shots].reverse()) scene.see(one);
        expect(scene.grants).toEqual([]);
      }),
    );
  });

  test('two people who take turns in one place are never taken for one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.constantFrom('ada', 'bob'), (frames, enrolled) => {
        const scene = new Scene({ agree: 2, of: 3 });
        for (let i = 0; i < frames; i++) {
          const who = i % 2 === 0 ? { id: 'ada', angle: 0 } : { id: 'bob', angle: 2 };
          const claim = who.id === enrolled ? means(enrolled) : says('nobody');
          scene.see({ frame: i, takenMs: i * 100, seen: [{ claim, angle: who.angle }] });
        }
        for (const outcome of scene.outcomes) if (outcome.kind === 'grant') expect(outcome.person).toBe(enrolled);
        const mixed = scene.tracks.tracks.filter(({ claims: all }) => new Set(all.map(({ kind }) => kind)).size > 1);
        expect(mixed).toEqual([]);
      }),
    );
  });

  test('claims that change every frame on one face open nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (frames) => {
        const scene = new Scene({ agree: 4, of: 5 });
        for (let i = 0; i < frames; i++) scene.watch([{ claim: means(i % 2 === 0 ? 'ada' : 'bob') }], 1, i);
        expect(scene.grants).toEqual([]);
      }),
    );
  });

  test('is monotone: turning a doubtful frame into a good one never keeps out a person who was let in', () => {
    const one = fc.constantFrom(means('ada'), says('nobody'), says('low-quality'));
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 15 }), fc.nat(), (all, pick) => {
        const run = (list: typeof all) => {
          const scene = new Scene();
          list.forEach((claim, i) => {
            scene.watch([{ claim }], 1, i);
          });
          return scene.grants;
        };
        const better = all.map((claim, i) => (i === pick % all.length ? means('ada') : claim));
        if (run(all).length > 0) expect(run(better)).toEqual(['ada']);
      }),
    );
  });
});
