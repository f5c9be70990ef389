// pure
import { z } from 'zod';

/** The parts of AsyncAPI 3.0 (asyncapi.com/docs/reference/specification/v3.0.0) that the document uses, and nothing beside them. */
const ref = z.strictObject({ $ref: z.string().regex(/^#\/(channels|components\/(messages|parameters))\/[\w.-]+$/) });
/** 3.0: keys of maps. */
const named = <T extends z.ZodType>(of: T) => z.record(z.string().regex(/^[\w.-]+$/), of);
const mqtt = z.strictObject({
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  retain: z.boolean().optional(),
  bindingVersion: z.literal('0.2.0'),
});
const lastWill = z.strictObject({ topic: z.string(), qos: z.literal(1), retain: z.boolean(), message: z.string() });
const payload = z.record(z.string(), z.unknown()).refine((schema) => typesIn(schema).every((type) => TYPES.has(type)), {
  error: 'a type that JSON Schema does not have',
});
const document = z.strictObject({
  asyncapi: z.literal('3.0.0'),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string() }),
  }),
  defaultContentType: z.string(),
  servers: named(
    z.strictObject({
      host: z.string().regex(/^[^/]+$/),
      protocol: z.literal('mqtt'),
      description: z.string(),
      bindings: z.strictObject({
        mqtt: z.strictObject({
          cleanSession: z.boolean(),
          keepAlive: z.int(),
          lastWill,
          bindingVersion: z.literal('0.2.0'),
        }),
      }),
    }),
  ),
  channels: named(
    z.strictObject({ address: z.string(), summary: z.string(), parameters: named(ref), messages: named(ref) }),
  ),
  operations: named(
    z.strictObject({
      action: z.enum(['send', 'receive']),
      channel: ref,
      reply: z.strictObject({ channel: ref }).optional(),
      bindings: z.strictObject({ mqtt }),
    }),
  ),
  components: z.strictObject({
    messages: named(z.strictObject({ name: z.string(), contentType: z.string().optional(), payload })),
    parameters: named(
      z.strictObject({
        description: z.string(),
        default: z.string().optional(),
        enum: z.array(z.string()).min(1).optional(),
      }),
    ),
  }),
});

const TYPES: ReadonlySet<unknown> = new Set([...['string', 'number', 'integer', 'object', 'array', 'boolean', 'null']]);

/** The values of all `type` keywords in a JSON Schema; below `properties` the keys are names. */
function typesIn(schema: unknown, isMap = false): readonly unknown[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => typesIn(one));
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([key, of]) =>
    key === 'type' && !isMap ? [of].flat() : typesIn(of, key === 'properties' && !isMap),
  );
}

/** What is wrong with a document, in sentences: its shape, references that lead nowhere, parameters that do not stand in the address. */
export function asyncapiFaults(given: unknown): readonly string[] {
  const { data, error } = document.safeParse(given);
  if (error) return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const refs = [...JSON.stringify(data).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? '');
  const lost = refs.filter((path) => path.split('/').reduce<unknown>(into, data) === undefined);
  const channels = Object.entries(data.channels).flatMap(([name, { address, parameters, messages }]) => [
    ...(Object.keys(messages).length === 0 ? [`channels.${name}: no message`] : []),
    ...(same(
      [...address.matchAll(/\{(\w+)\}/g)].map(([, of]) => of ?? ''),
      Object.keys(parameters),
    )
      ? []
      : [`channels.${name}: other parameters than in ${address}`]),
  ]);
  return [...lost.map((path) => `there is no #/${path}`), ...channels];
}

const into = (at: unknown, key: string): unknown => (at as Readonly<Record<string, unknown>> | undefined)?.[key];

const same = (some: readonly string[], others: readonly string[]): boolean =>
  [...some].sort().join() === [...others].sort().join();
