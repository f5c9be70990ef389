// pure
import { placement, type Scene, type Script, sceneAt } from './script.js';

/** What the gate told of one decision, as it came over MQTT. */
export interface Told {
  readonly type: 'granted' | 'refused';
  readonly person: string | null;
  readonly name: string | null;
  readonly reason: string | null;
  readonly text: string;
  readonly distance: number | null;
  readonly frame: number;
  readonly afterMs: number | null;
  readonly box: readonly number[] | null;
}

/** One line of the demo's result. */
export interface Approach {
  readonly person: string;
  readonly expected: 'grant' | 'refuse';
  readonly got: 'grant' | 'refuse';
  readonly distance: number | null;
  readonly seconds: number | null;
  readonly reason: string | null;
}

/** What was told during one scene of the film. */
export const toldIn = (script: Script, index: number, told: readonly Told[]): readonly Told[] =>
  told.filter(({ frame }) => sceneAt(script, frame).index === index);

/**
 * Compares what was told during a scene with who was in it. An enrolled person must be let in under his own name; in a
 * scene with a stranger nobody must be let in.
 */
export function approachesOf(scene: Scene, told: readonly Told[]): Approach[] {
  return scene.expect.map(({ name, grant }): Approach => {
    const granted = told.find(({ type, name: who }) => type === 'granted' && (!grant || who === name));
    const refused = told.findLast(({ type }) => type === 'refused');
    const row = granted ?? refused;
    return {
      person: name,
      expected: grant ? 'grant' : 'refuse',
      got: granted ? 'grant' : 'refuse',
      distance: row?.distance ?? null,
      seconds: granted?.afterMs == null ? null : granted.afterMs / 1000,
      reason: granted ? null : (refused?.reason ?? 'no-face'),
    };
  });
}

/** Somebody was let in under a name that nobody in the scene has, or with a face that is not where that person stands. */
export const wrongNames = (script: Script, scene: Scene, told: readonly Told[]): readonly string[] =>
  told.filter((one) => one.type === 'granted' && !isRight(script, scene, one)).map(({ name }) => name ?? 'unknown');

function isRight(script: Script, { expect, actors }: Scene, { name, frame, box }: Told): boolean {
  const at = expect.findIndex((expected) => expected.grant && expected.name === name);
  const actor = actors[at];
  const [left, top, width, height] = box ?? [];
  if (!actor || left === undefined || top === undefined || width === undefined || height === undefined) return false;
  const { x, y } = placement(actor, sceneAt(script, frame).share);
  return x > left && x < left + width && y > top && y < top + height;
}

/** Enrolled people let in, strangers refused, and nobody taken for another. */
export const allWell = (approaches: readonly Approach[], wrong: readonly string[]): boolean =>
  wrong.length === 0 && approaches.every(({ expected, got }) => expected === got);
