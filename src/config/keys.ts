import { z } from 'zod';
import { configSchema } from './config.js';
import { allowedBy } from './field.js';

/** One key that holds a value, as the schema knows it. */
export interface Key {
  /** Names from the top, at most three. */
  readonly path: readonly string[];
  /** `door.pulseMs` */
  readonly name: string;
  /** `KAIMON_DOOR__PULSE_MS` */
  readonly variable: `KAIMON_${string}`;
  readonly schema: z.ZodType;
  /** The sentence of the schema: meaning, then what is allowed in brackets. */
  readonly sentence: string;
  readonly allowed: string;
}

/** One map of keys; the whole configuration is the section with the empty name. */
export interface Section {
  readonly path: readonly string[];
  readonly name: string;
  readonly sentence: string;
  /** Names of the keys and sections directly inside. */
  readonly members: readonly string[];
}

const upperSnake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** The environment variable that overrides the key at `path`. */
export const variableOf = (path: readonly string[]): `KAIMON_${string}` => `KAIMON_${path.map(upperSnake).join('__')}`;

const objectIn = (schema: unknown): z.ZodObject | null => {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner : null;
};

function walk(schema: z.ZodType, path: readonly string[], keys: Key[], sections: Section[]): void {
  const sentence = schema.description ?? '';
  const name = path.join('.');
  const object = objectIn(schema);
  if (object === null) {
    keys.push({ path, name, variable: variableOf(path), schema, sentence, allowed: allowedBy(sentence) });
    return;
  }
  const members = Object.entries(object.shape);
  sections.push({ path, name, sentence, members: members.map(([member]) => member) });
  for (const [member, inner] of members) walk(inner as z.ZodType, [...path, member], keys, sections);
}

const found = { keys: [] as Key[], sections: [] as Section[] };
walk(configSchema, [], found.keys, found.sections);

/** Every key with a value, in the order of the schema. */
export const configKeys: readonly Key[] = found.keys;

/** Every section, outermost first. */
export const configSections: readonly Section[] = found.sections;

/** The value at `path` in a tree of plain maps; undefined when there is nothing. */
export function valueAt(tree: unknown, path: readonly string[]): unknown {
  let at = tree;
  for (const name of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
