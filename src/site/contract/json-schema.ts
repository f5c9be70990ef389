// pure
import { z } from 'zod';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** JSON Schema (draft 7) of what a zod schema takes: what arrives, before it is read. */
export function schemaOf(schema: z.ZodType): Json {
  const made = z.toJSONSchema(schema, { target: 'draft-07', io: 'input', unrepresentable: 'any' });
  const { $schema, ...rest } = JSON.parse(JSON.stringify(made)) as { readonly [key: string]: Json };
  return tidy(rest);
}

/** Leaves out what only a program reads: patterns beside a format, the greatest number that JavaScript can count to. */
function tidy(value: Json): Json {
  if (Array.isArray(value)) return value.map(tidy);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value as { readonly [key: string]: Json }).filter(
    ([key, of]) => !(key === 'pattern' && 'format' in value) && !(key === 'maximum' && of === Number.MAX_SAFE_INTEGER),
  );
  return Object.fromEntries(entries.map(([key, of]) => [key, key === 'anyOf' ? alternatives(of) : tidy(of)]));
}

/** A choice among what JSON has and what it has not (bytes) is the former. */
function alternatives(of: Json): Json {
  if (!Array.isArray(of)) return tidy(of);
  const said = of.filter((one) => Object.keys(one ?? {}).length > 0);
  return (said.length > 0 ? said : of).map(tidy);
}
