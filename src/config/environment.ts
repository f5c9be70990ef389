import { configKeys, type Key, variableOf } from './keys.js';
import { removedKeys, whatBecameOf } from './migration/removed-keys.js';
import type { Problem } from './problem.js';
import { suggest } from './suggest.js';

/** Variables of ours that are not keys of the configuration; scripts/setup passes KAIMON_PROGRESS to its parts. */
export const RESERVED_VARIABLES: readonly string[] = ['KAIMON_CONFIG', 'KAIMON_STATE', 'KAIMON_PROGRESS'];

/** A value given outside the file. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const interpret = (text: string): unknown => {
  if (text === '' || text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : text;
};

/** A number, true, false or null where the key takes one; otherwise the text itself, because a user name may be 12345. */
function valueFor(key: Key, text: string): unknown {
  const value = interpret(text);
  return !key.schema.safeParse(value).success && key.schema.safeParse(text).success ? text : value;
}

/** The overrides among the `KAIMON_…` variables; an unknown one is a problem, because it was meant to have an effect. */
export function readEnvironment(env: Environment): { overrides: Override[]; problems: Problem[] } {
  const byVariable = new Map<string, Key>(configKeys.map((key) => [key.variable, key]));
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('KAIMON_') || text === undefined || RESERVED_VARIABLES.includes(variable)) continue;
    const key = byVariable.get(variable);
    if (key !== undefined) {
      overrides.push({ path: key.path, value: valueFor(key, text) });
      continue;
    }
    const removed = removedKeys.find((name) => `${variable}__`.startsWith(`${variableOf(name.split('.'))}__`));
    if (removed !== undefined) {
      const message = `${removed} ${whatBecameOf(removed.split('.'))}`;
      problems.push({ path: '', origin: { kind: 'environment', variable }, message });
      continue;
    }
    const meant = suggest(variable, [...byVariable.keys(), ...RESERVED_VARIABLES]);
    const hint = meant === null ? '`kaimon config show` lists the keys' : `did you mean ${meant}?`;
    problems.push({ path: '', origin: { kind: 'environment', variable }, message: `unknown variable; ${hint}` });
  }
  return { overrides, problems };
}
