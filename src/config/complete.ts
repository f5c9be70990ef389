// pure
import { z } from 'zod';

/** A section's keys without their defaults. */
type Complete<S extends z.ZodRawShape> = {
  -readonly [K in keyof S]: S[K] extends z.ZodDefault<infer T extends z.ZodType> ? T : S[K];
};

/**
 * A section as one process hands it to another: no key is optional, because the defaults are already filled in.
 * Rules between keys are not repeated; they were checked when the configuration was loaded.
 */
export function complete<S extends z.ZodRawShape>(section: z.ZodObject<S>): z.ZodObject<Complete<S>, z.core.$strip> {
  const keys = Object.entries(section.shape).map(([name, key]) => [
    name,
    key instanceof z.ZodDefault ? key.unwrap() : key,
  ]);
  return z.object(Object.fromEntries(keys)) as z.ZodObject<Complete<S>, z.core.$strip>;
}
