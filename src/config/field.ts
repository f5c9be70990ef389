import { z } from 'zod';

/**
 * Building blocks of the schema. Each gives a key its default and one sentence that ends with unit and range,
 * so that config/kaimon.yaml, the JSON Schema and the error texts cannot drift from what is checked.
 */
export interface Range {
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

/** The range of a time in milliseconds. */
export const milliseconds = (min: number, max: number): Range => ({ unit: 'milliseconds', min, max });

/** The range of a distance between two faces: squared Euclidean on unit vectors. */
export const distance: Range = { unit: 'squared distance', min: 0, max: 4 };

const sentence = (says: string, allowed: string): string => `${says} (${allowed}).`;

/** The part of a key's sentence that says what may stand there. */
export const allowedBy = (sentence: string): string => /\(([^()]*)\)\.$/.exec(sentence)?.[1] ?? sentence;

/** A whole number of `unit`, `min` to `max` inclusive. */
export const whole = (says: string, { unit, min, max }: Range, value: number) =>
  z
    .int()
    .min(min)
    .max(max)
    .default(value)
    .describe(sentence(says, `whole number ${min}–${max}, ${unit}`));

/** A number of `unit`, `min` to `max` inclusive. */
export const measure = (says: string, { unit, min, max }: Range, value: number) =>
  z
    .number()
    .min(min)
    .max(max)
    .default(value)
    .describe(sentence(says, `number ${min}–${max}, ${unit}`));

/** Like {@link measure}; null, the default, leaves the choice to Kaimon. */
export const measureOrNull = (says: string, { unit, min, max }: Range) =>
  z
    .number()
    .min(min)
    .max(max)
    .nullable()
    .default(null)
    .describe(sentence(says, `number ${min}–${max}, ${unit}, or null`));

/** Yes or no. */
export const flag = (says: string, value: boolean) =>
  z.boolean().default(value).describe(sentence(says, 'true or false'));

/** One of a few words. */
export const choice = <const T extends readonly [string, ...string[]]>(says: string, words: T, value: T[number]) =>
  // The cast is what zod infers for `.default` of an enum of unknown words: one of the words.
  z
    .enum(words)
    .default(value as z.util.NoUndefined<z.output<z.ZodEnum<z.util.ToEnum<T[number]>>>>)
    .describe(sentence(says, `one of ${words.join(', ')}`));

/** A text that must match; `shape` says in words what the expression asks for. */
export const text = (says: string, pattern: RegExp, shape: string, value: string) =>
  z.string().regex(pattern).default(value).describe(sentence(says, shape));

/** Like {@link text}, or null for none, the default. */
export const textOrNull = (says: string, pattern: RegExp, shape: string) =>
  z
    .string()
    .regex(pattern)
    .nullable()
    .default(null)
    .describe(sentence(says, `${shape}, or null`));

/** A file by path, or null for none. */
export const fileOrNull = (says: string) => textOrNull(says, /^[^\p{Cc}]{1,1024}$/u, 'a path of 1–1024 characters');

/** A rule between keys of one section. It is checked only when the keys that it reads are valid themselves. */
export const between = (keys: readonly string[], path: string, message: string) => ({
  path: [path],
  message,
  when: ({ issues }: { readonly issues: readonly { readonly path?: readonly PropertyKey[] | undefined }[] }) =>
    !issues.some((issue) => keys.includes(String(issue.path?.[0]))),
});
