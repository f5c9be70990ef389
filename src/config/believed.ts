// pure
import type { z } from 'zod';
import { type Config, configSchema, defaultConfig } from './config.js';

/** What of a configuration with mistakes can be believed. */
export interface Believed {
  /** Sections with a mistake have their defaults here, and keys that are not known are left out. */
  readonly config: Config;
  /** The sections with a mistake. */
  readonly wrong: ReadonlySet<string>;
}

/** Takes the mistakes out. Sections do not depend on each other, so those without a mistake are as they were meant. */
export function withoutMistakes(tree: unknown): Believed {
  const unknown = issuesOf(tree).flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path.map(String), key]) : [],
  );
  const known = unknown.reduce(withoutKey, tree);
  const wrong = new Set(issuesOf(known).map(({ path }) => String(path[0])));
  const { data } = configSchema.safeParse([...wrong].reduce((left, section) => withoutKey(left, [section]), known));
  // Not a map: nothing of it can be believed.
  return data ? { config: data, wrong } : { config: defaultConfig, wrong: new Set(Object.keys(configSchema.shape)) };
}

const issuesOf = (tree: unknown): readonly z.core.$ZodIssue[] => configSchema.safeParse(tree).error?.issues ?? [];

function withoutKey(tree: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined || typeof tree !== 'object' || tree === null || !Object.hasOwn(tree, name)) return tree;
  const { [name]: inner, ...others } = tree as Readonly<Record<string, unknown>>;
  return rest.length === 0 ? others : { ...others, [name]: withoutKey(inner, rest) };
}
