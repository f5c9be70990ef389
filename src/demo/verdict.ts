// pure
import { type Scene, type Script, sceneAt, standing } from './script.js';

/** The event of one decision, as it came over MQTT. */
export interface DecisionEvent {
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

/** The decisions during one scene of the film. */
export const decisionsIn = (
  script: Script,
  index: number,
  decisions: readonly DecisionEvent[],
): readonly DecisionEvent[] => decisions.filter(({ frame }) => sceneAt(script, frame).index === index);

/**
 * Compares the decisions during a scene with who was in it. Enrolled people must be let in under their own names; in a
 * scene with a stranger nobody must be let in.
 */
export function approachesOf(scene: Scene, decisions: readonly DecisionEvent[]): Approach[] {
  return scene.expect.map(({ name, grant }): Approach => {
    const granted = decisions.find(({ type, name: who }) => type === 'granted' && (!grant || who === name));
    const refused = decisions.findLast(({ type }) => type === 'refused');
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

/** Names of people let in who are not in the scene, or whose face is not where that person stands. */
export const wrongNames = (script: Script, scene: Scene, decisions: readonly DecisionEvent[]): readonly string[] =>
  decisions
    .filter((one) => one.type === 'granted' && !isRight(script, scene, one))
    .map(({ name }) => name ?? 'unknown');

function isRight(script: Script, { expect, actors }: Scene, { name, frame, box }: DecisionEvent): boolean {
  const at = expect.findIndex((expected) => expected.grant && expected.name === name);
  const actor = actors[at];
  const [left, top, width, height] = box ?? [];
  if (!actor || left === undefined || top === undefined || width === undefined || height === undefined) return false;
  const { x, y } = standing(actor, sceneAt(script, frame).share);
  return x > left && x < left + width && y > top && y < top + height;
}

/** Whether enrolled people were let in, strangers refused, and no person was taken for another. */
export const allWell = (approaches: readonly Approach[], wrong: readonly string[]): boolean =>
  wrong.length === 0 && approaches.every(({ expected, got }) => expected === got);
