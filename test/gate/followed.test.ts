import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterFollowing,
  afterSettling,
  afterWhole,
  followed,
  NOTHING_WATCHED,
  type Pace,
  stepFor,
} from '../../src/face/following/plan.js';
import type { Box, MeasuredFace, Observation } from '../../src/face/observation.js';
import { monotonicMs } from '../../src/kit/clock.js';
import { sightOfPerson } from '../face/following/looks.js';
import { faceOf, GateScene, observationOf, turning, WHO } from '../property/gate-scene.js';

type Who = keyof typeof WHO;
const FRAME_MS = 66;
const PACE: Pace = { everyFrame: 'needed', decidingMs: 90, settledMs: 800, emptyMs: 1000 };

const faceAt = (who: Who, takenMs: number, x = 300): MeasuredFace =>
  faceOf({ angle: WHO[who], yaw: turning(takenMs), x });
const whole = (frame: number, faces: readonly MeasuredFace[]) =>
  observationOf({ frame, takenMs: 5000 + frame * FRAME_MS, faces });
const followedIn = (frame: number, boxes: readonly Box[]): Observation => ({
  ...whole(frame, []),
  followed: [...boxes],
});
const takenMs = (frame: number) => 5000 + frame * FRAME_MS;

describe('a frame that was followed and not measured', () => {
  test('opens nothing, however good the frames before it were', () => {
    const film = Array.from({ length: 40 }, (_, frame) => whole(frame, [faceAt('ada', takenMs(frame))]));
    const other = new GateScene();
    const granted = film.findIndex((observation) => other.see(observation).length > 0);
    expect(other.opened).toBe(1);
    const scene = new GateScene();
    let frame = 0;
    for (; frame < granted; frame++) scene.see(film[frame] as Observation);
    const { box } = faceAt('ada', takenMs(frame));
    for (; frame < 40; frame++) expect(scene.see(followedIn(frame, [box]))).toEqual([]);
    expect(scene.opened).toBe(0);
  });

  test('opens nothing by faces that come with it', () => {
    const scene = new GateScene();
    for (let frame = 0; frame < 40; frame++) {
      const faces = [faceAt('ada', takenMs(frame))];
      scene.see({ ...whole(frame, faces), followed: faces.map(({ box }) => box) });
    }
    expect(scene.opened).toBe(0);
  });

  test('keeps whoever was let in: the next measured frame lets nobody in a second time and reports nothing', () => {
    const scene = new GateScene();
    let frame = 0;
    for (; scene.opened === 0; frame++) scene.see(whole(frame, [faceAt('ada', takenMs(frame))]));
    for (let round = 0; round < 12; round++) {
      for (const end = frame + 12; frame < end; frame++)
        scene.see(followedIn(frame, [faceAt('ada', takenMs(frame)).box]));
      expect(scene.see(whole(frame, [faceAt('ada', takenMs(frame))]))).toEqual([]);
      frame += 1;
    }
    expect(scene.opened).toBe(1);
  });

  test('the gate says on whom nothing is left to decide: who was let in, and nobody else', () => {
    const scene = new GateScene();
    for (let frame = 0; frame < 30; frame++) {
      scene.see(whole(frame, [{ ...faceAt('ada', takenMs(frame)), number: 7 }]));
      expect(scene.settled).toEqual(scene.opened > 0 ? [7] : []);
    }
    scene.see(whole(30, [{ ...faceAt('bob', takenMs(30)), number: 7 }]));
    expect(scene.settled).toEqual([]);
  });
});

/** The eye's plan and the whole gate over a made-up world: networks that are always right, people who come, go and change places. */
function live(world: readonly (readonly { readonly who: Who; readonly x: number }[])[]) {
  const scene = new GateScene();
  let watching = NOTHING_WATCHED;
  const steps = world.map((people, frame) => {
    const atMs = monotonicMs(takenMs(frame));
    const faces = people.map(({ who, x }) => ({ who, face: faceAt(who, atMs, x) }));
    const looked = faces.map(({ who, face }) => ({ ...face, sight: sightOfPerson(WHO[who]) }));
    const step = stepFor(watching, atMs, false, PACE);
    const near = (box: Box) => watching.faces.some((known) => Math.abs(known.box.x - box.x) < known.box.width);
    const again =
      step === 'whole'
        ? undefined
        : followed(
            watching.faces,
            looked.filter(({ box }) => near(box)),
          );
    if (again) {
      watching = afterFollowing(watching, again, atMs, { step, moved: false });
      const boxes = again.map(({ box }) => box);
      return { people, isWhole: false, decisions: scene.see(followedIn(frame, boxes)) };
    }
    watching = afterWhole(watching, looked, atMs, false);
    const numbered = watching.faces.map(({ number }, i) => ({ ...(faces[i]?.face as MeasuredFace), number }));
    const decisions = scene.see(whole(frame, numbered));
    watching = afterSettling(watching, scene.settled);
    return { people, isWhole: true, decisions };
  });
  const letIn = scene.decisions.flatMap(({ type, person }) => (type === 'granted' && person ? [person.id] : []));
  return { steps, letIn };
}

/** Who stands at two places, for some frames each. */
const world = fc
  .array(
    fc.record({
      people: fc.uniqueArray(
        fc.record({
          who: fc.constantFrom<Who>('ada', 'bob', 'stranger'),
          x: fc.constantFrom(150, 150, 900),
        }),
        { maxLength: 2, selector: ({ x }) => x },
      ),
      frames: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((scenes) => scenes.flatMap(({ people, frames }) => Array.from({ length: frames }, () => people)));

describe('the eye that leaves out what is not needed, and the gate', () => {
  test('the door is opened only with frames on which everything was measured, for people who are in them', () => {
    let opened = 0;
    fc.assert(
      fc.property(world, (frames) => {
        for (const { people, isWhole, decisions } of live(frames).steps)
          for (const { type, person } of decisions) {
            if (type !== 'granted') continue;
            opened += 1;
            expect(isWhole).toBe(true);
            expect(people.map(({ who }) => who)).toContain(person?.id);
          }
      }),
      { numRuns: 60 },
    );
    // The worlds are such that people are let in.
    expect(opened).toBeGreaterThan(10);
  });

  test.each<[string, Who, string[]]>([
    ['a stranger', 'stranger', ['ada']],
    ['somebody else who is known', 'bob', ['ada', 'bob']],
  ])('%s who takes the place of somebody let in is decided on by their own face', (_what, second, letIn) => {
    for (let at = 20; at < 34; at++) {
      const before = Array.from({ length: at }, () => [{ who: 'ada' as Who, x: 300 }]);
      const after = Array.from({ length: 60 }, () => [{ who: second, x: 300 }]);
      const result = live([...before, ...after]);
      expect(result.steps[at]?.isWhole).toBe(true);
      expect(result.letIn).toEqual(letIn);
    }
  });

  test('somebody let in, who stays, costs a whole frame every 800 ms', () => {
    const { steps } = live(Array.from({ length: 150 }, () => [{ who: 'ada' as Who, x: 300 }]));
    const first = steps.findIndex(({ decisions }) => decisions.some(({ type }) => type === 'granted'));
    const later = steps.slice(first + 1, first + 101);
    expect(later.filter(({ isWhole }) => isWhole)).toHaveLength(Math.floor(100 / Math.ceil(800 / FRAME_MS)));
  });
});
