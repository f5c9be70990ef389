import { z } from 'zod';
import { allowedBy } from './field.js';
import { configKeys } from './keys.js';

/** The schema of the member `name`; undefined where the schema has no such member. */
function step(schema: z.ZodType, name: string): z.ZodType | undefined {
  const inner = bare(schema);
  if (inner instanceof z.ZodArray) return inner.element as z.ZodType;
  if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>)[name] : undefined;
}

/** The schema inside the wrappers for defaults and null. */
function bare(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodNullable)
    inner = inner.unwrap() as z.ZodType;
  return inner;
}

/** What may stand at a place inside the value of a key, such as `access.schedules.office.windows.0.from`. */
export interface Nested {
  readonly allowed: string;
  /** Names of the keys of a map; empty where the owner chooses the names. */
  readonly members: readonly string[];
  /** Which names are allowed in a map whose names the owner chooses. */
  readonly keys: string | undefined;
}

/** Describes the place at `path`. @returns undefined where `path` is a section or unknown. */
export function nestedAt(path: readonly string[]): Nested | undefined {
  const key = configKeys.find((candidate) => candidate.path.every((name, i) => path[i] === name));
  if (key === undefined) return undefined;
  let schema: z.ZodType | undefined = key.schema;
  for (const name of path.slice(key.path.length)) schema = schema && step(schema, name);
  if (schema === undefined) return undefined;
  const inner = bare(schema);
  return {
    allowed: allowedBy(schema.description ?? ''),
    members: inner instanceof z.ZodObject ? Object.keys(inner.shape) : [],
    keys: inner instanceof z.ZodRecord ? allowedBy((inner.keyType as z.ZodType).description ?? '') : undefined,
  };
}
