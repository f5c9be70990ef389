import { describe, expect, test } from 'vitest';
import { type Appearance, faceOf, GateScene, type Seen, WHO } from '../property/gate-scene.js';

const STEP_MS = 125;
type Face = Omit<Appearance, 'yaw'>;
/** One face, frame after frame, looking straight ahead. */
const filmOf = (faces: readonly Face[]): Seen[] =>
  faces.map((face, i) => ({ frame: i, takenMs: 5000 + i * STEP_MS, faces: [faceOf(face)] }));
const times = (count: number, face: Face): Face[] => Array.from({ length: count }, () => face);

describe('the gate hands on what the eye measured', () => {
  test('a frame of poor quality counts little in the mean, but something', () => {
    // Three frames far from Ada, then two near her: alike in weight they mean nobody.
    const film = (overall: number) =>
      filmOf([
        ...times(3, { angle: WHO.ada + 0.7, quality: { overall } }),
        ...times(2, { angle: WHO.ada + 0.1, quality: { overall: 0.9 } }),
      ]);
    const near = { decision: { threshold: 0.1 } };
    expect(new GateScene(near).firstGrant(film(0.9))).toBeUndefined();
    expect(new GateScene(near).firstGrant(film(0.1))).toBeDefined();
    const poor = filmOf(times(8, { angle: WHO.ada, quality: { overall: 0 } }));
    expect(new GateScene(near).firstGrant(poor)).toBeDefined();
  });

  test.each<[string, number, number | undefined]>([
    ['a little too far is let in by the mean', 0.5, 4],
    ['another face is not, however good the others were', 0.65, undefined],
  ])('a newest frame that is %s', (_what, newest, granted) => {
    // Squared distances 0.24 and 0.41 from Ada, the mean below 0.03; a track follows as far as 0.5.
    const film = filmOf([...times(4, { angle: WHO.ada }), { angle: WHO.ada + newest }]);
    expect(new GateScene({ decision: { threshold: 0.2, agree: 5, of: 5 } }).firstGrant(film)).toBe(granted);
  });

  test.each<[string, number | undefined, boolean]>([
    ['is let in where the scene is not known', undefined, true],
    ['is let in where the scene is seen around the face', 0.95, true],
    ['is not let in where something covers the scene', -0.2, false],
  ])('a face that looks alive, but not moving, %s', (_what, match, granted) => {
    const scene = match === undefined ? {} : { scene: { blocks: 20, match } };
    const film = filmOf(times(12, { angle: WHO.ada })).map((seen) => ({
      ...seen,
      faces: seen.faces.map((face) => ({ ...face, ...scene })),
    }));
    expect(new GateScene().firstGrant(film) !== undefined).toBe(granted);
  });
});
