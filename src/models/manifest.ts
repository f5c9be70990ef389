// pure
import { z } from 'zod';
import { NETWORK_BYTES_MAX, networkInputSchema } from '../face/network-input.js';
import { OperatingError } from '../kit/errors.js';
import { type DocumentFormat, migrated } from '../kit/files/format.js';
import { appearanceModelSchema, evidenceSchema } from '../liveness/appearance-model.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be small letters, digits and hyphens');
/** Inside an archive: relative, no dot segments. */
const memberPath = z.string().regex(/^package(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/, 'must be a path below package/');

const npmSource = {
  kind: z.literal('npm'),
  package: z.string().regex(/^(@[a-z0-9-]+\/)?[a-z0-9][a-z0-9._-]*$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'must be one exact version'),
  /** As the registry states it; the tarball is checked before anything in it is read. */
  integrity: z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/),
};
export const sourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...npmSource,
    path: memberPath,
    /**
     * `as-is` copies the file; `rewrite` writes the same network as a graph that is computed faster (models/rewrite/); `export:…` reads
     * the weights and the list beside them and writes an ONNX graph.
     */
    how: z.enum(['as-is', 'rewrite', 'export:face-landmark-68']),
    /** Digest of the package's own file, of one that is rewritten: checked before it is read. */
    original: sha256.optional(),
  }),
  z.strictObject({ kind: z.literal('trained'), recipe: z.string().min(1).max(400) }),
  /** Added by the owner of this installation: by `kaimon models fetch`, or by an entry of their own in models/NAME.json. */
  z.strictObject({ kind: z.literal('owner'), from: z.string().min(1).max(400) }),
]);
export type Source = z.infer<typeof sourceSchema>;
export type NpmSource = Extract<Source, { kind: 'npm' }>;

const { colour, mean, scale } = networkInputSchema.shape;
const inputSchema = z.strictObject({
  // Smaller than the 8 pixels that the eye asks for: a manifest may list such a network, no gate can use it.
  width: z.int().min(1).max(1024),
  height: z.int().min(1).max(1024),
  channels: z.union([z.literal(1), z.literal(3)]),
  colour,
  /** Planes of numbers, one a colour, or the colours of a pixel together. */
  layout: z.enum(['nchw', 'nhwc']),
  mean,
  scale,
});

const tensorName = z.string().min(1).max(80);
const outputSchema = z.strictObject({
  name: tensorName,
  dimension: z.int().min(1).max(4096),
  /** Whether the network itself scales the result to unit length. */
  normalised: z.boolean(),
});

/** False match rates for which a manifest has a threshold, loosest first. */
export const MATCH_RATES = ['1e-2', '1e-3', '1e-4', '1e-5'] as const;

const thresholdSchema = z.strictObject({
  /** Squared Euclidean distance of unit vectors, 0…4; at or below it two faces count as one person's. */
  threshold: z.number().min(0).max(4),
  /** Share of genuine pairs that pass at it, with its 95 % interval by person. */
  tar: z.number().min(0).max(1),
  low: z.number().min(0).max(1),
  high: z.number().min(0).max(1),
});
const thresholdsSchema = z.strictObject({
  '1e-2': thresholdSchema,
  '1e-3': thresholdSchema,
  '1e-4': thresholdSchema,
  '1e-5': thresholdSchema,
});
export type Thresholds = z.infer<typeof thresholdsSchema>;

const factor = z.number().min(1).max(100);
/** What one visit of a stranger is worth in single photos, by the fewest frames that may decide (person/thresholds.ts). */
export const visitSchema = z.strictObject({ '1': factor, '2': factor, '3': factor });

const templatePoint = z.tuple([z.number(), z.number()]);
const template = { name, size: z.int().min(16).max(512) };
const templateSchema = z.discriminatedUnion('fit', [
  /** Left eye, right eye, nose tip, left and right mouth corner as seen in the picture, in pixels. */
  z.strictObject({ ...template, fit: z.literal('similarity'), points: z.array(templatePoint).length(5) }),
  /** Left and right outer eye corner, nose base. */
  z.strictObject({ ...template, fit: z.literal('affine'), points: z.array(templatePoint).length(3) }),
]);

const common = {
  name,
  /** Below models/; what is built lies in models/build/. */
  file: z.string().regex(/^(build\/)?[a-z0-9][a-z0-9._-]*\.onnx$/),
  bytes: z.int().min(1).max(NETWORK_BYTES_MAX),
  sha256,
  /** Digests that the file had in earlier releases, of a network that is built: one that lies there is told from a foreign one. */
  earlier: z.array(sha256).max(20).optional(),
  source: sourceSchema,
  licence: z.strictObject({ spdx: z.string().max(40).nullable(), text: z.string().min(1).max(600) }),
  /** Who made it, from what; says plainly what is not known. */
  origin: z.string().min(1).max(800),
  input: inputSchema,
};

export const modelSchema = z.discriminatedUnion('role', [
  z.strictObject({
    ...common,
    role: z.literal('detector-confirm'),
    /** `dimension` candidates, each with two scores (nothing, face) and a box x1, y1, x2, y2 in 0…1. */
    output: z.strictObject({ scores: tensorName, boxes: tensorName, dimension: z.int().min(1).max(100_000) }),
  }),
  z.strictObject({ ...common, role: z.literal('landmarks'), output: outputSchema }),
  /** Appearance networks; the evidence of all that are listed adds up. */
  z.strictObject({
    ...common,
    role: z.literal('liveness'),
    /** Sides of the squares around the face that the network sees, in sides of the face; scaled by area averaging. */
    looks: appearanceModelSchema.shape.looks,
    output: z.discriminatedUnion('activation', [
      /** One number: a natural log-likelihood ratio, living face against picture. */
      z.strictObject({ name: tensorName, dimension: z.literal(1), activation: z.literal('log-likelihood-ratio') }),
      /** `dimension` classes before softmax; `live` is the number of the class for living faces, from 0. */
      z.strictObject({
        name: tensorName,
        dimension: z.int().min(2).max(100),
        activation: z.literal('softmax'),
        live: z.int().min(0).max(99),
      }),
    ]),
    evidence: evidenceSchema,
  }),
  z.strictObject({
    ...common,
    role: z.literal('encoder'),
    template: templateSchema,
    output: outputSchema,
    /** Digest of another file whose embeddings are equal to rounding: the two share one encoder id, and so their templates. */
    sameAs: sha256.optional(),
    /**
     * Of an encoder that was brought: over the file's digest and all that makes its input (models/added/entry.ts). It stands in the
     * encoder id, so that one file read in two ways is two encoders, whose templates are never compared.
     */
    readingDigest: sha256.optional(),
    /** Null: not measured. Such an encoder needs `decision.threshold` or `kaimon calibrate`. */
    thresholds: thresholdsSchema.nullable(),
    /** Absent: not measured; then the strictest that was ever measured counts. */
    visit: visitSchema.optional(),
  }),
]);
export type Model = z.infer<typeof modelSchema> & {
  /** Where its file lies, of one that was added with the state; undefined: in models/ of the release. No entry says it. */
  readonly folder?: string;
};
export type Role = Model['role'];
export type ModelOf<R extends Role> = Extract<Model, { role: R }>;

/** A file of a package that is not a model, taken unchanged. */
const extraSchema = z.strictObject({
  file: z.string().regex(/^[a-z0-9][A-Za-z0-9._-]*\.(jpg|bin|json)$/),
  bytes: z.int().min(1).max(10_000_000),
  sha256,
  source: z.strictObject({ ...npmSource, path: memberPath }),
});
export type Extra = z.infer<typeof extraSchema>;

export const manifestSchema = z
  .strictObject({
    schema: z.literal(1),
    models: z.array(modelSchema).min(1).max(50),
    /** Photos that the demo and the tests use, in models/build/samples/. */
    samples: z.array(extraSchema).max(50),
    /** What exported models were made from, in models/build/originals/: tests compare the two. */
    originals: z.array(extraSchema).max(50),
  })
  .superRefine((manifest, context) => {
    for (const message of contradictions(manifest)) context.addIssue({ code: 'custom', message });
  });
export type Manifest = Omit<z.infer<typeof manifestSchema>, 'models'> & { readonly models: readonly Model[] };

/** The formats of models/NAME.json, in which an installation adds a model; without a number it is the first one. */
export const ADDED_MODEL_FORMAT: DocumentFormat = { name: 'an added model', key: 'schema', steps: [] };

/** An added model in any of its formats. */
export const addedModelSchema = z
  .looseObject({})
  .transform((json) => {
    const { schema: _number, ...model } = migrated({ schema: 1, ...json }, ADDED_MODEL_FORMAT).document as {
      readonly schema: unknown;
    };
    return model;
  })
  .pipe(modelSchema);

interface Contents {
  readonly models: readonly Model[];
  readonly samples: readonly Extra[];
  readonly originals: readonly Extra[];
}

/** Sentences about fields that contradict each other. */
function contradictions({ models, samples, originals }: Contents): string[] {
  const found: string[] = [];
  const once = (what: string, values: readonly string[]) => {
    for (const [i, value] of values.entries())
      if (values.indexOf(value) !== i) found.push(`${what} ${value} appears twice`);
  };
  once(
    'name',
    models.map((model) => model.name),
  );
  once('file', [...models.map((model) => model.file), ...[...samples, ...originals].map((extra) => extra.file)]);
  const pinned = new Map<string, string>();
  for (const { source } of [...models, ...samples, ...originals]) {
    if (source.kind !== 'npm') continue;
    const key = `${source.package}@${source.version}`;
    if ((pinned.get(key) ?? source.integrity) !== source.integrity) found.push(`${key} has two different integrities`);
    pinned.set(key, source.integrity);
  }
  for (const model of models) {
    const { channels, colour, mean } = model.input;
    if ((colour === 'grey') !== (channels === 1)) found.push(`${model.name}: ${channels} channels cannot be ${colour}`);
    if (mean.length !== 1 && mean.length !== channels)
      found.push(`${model.name}: ${mean.length} means for ${channels} channels`);
    if (
      model.role === 'liveness' &&
      model.output.activation === 'softmax' &&
      model.output.live >= model.output.dimension
    )
      found.push(`${model.name}: class ${model.output.live} of ${model.output.dimension} does not exist`);
    if (model.source.kind === 'npm' && (model.source.how === 'rewrite') !== (model.source.original !== undefined))
      found.push(`${model.name}: the digest of the original belongs to what is rewritten, and only to that`);
    if ((model.source.kind === 'npm') !== model.file.startsWith('build/'))
      found.push(`${model.name}: built files, and only they, lie in build/`);
    if (model.role !== 'encoder') continue;
    const { input, template } = model;
    if (template.size !== input.width || template.size !== input.height)
      found.push(
        `${model.name}: a template of ${template.size} pixels does not fit an input of ${input.width}×${input.height}`,
      );
    if (!model.thresholds) continue;
    const { thresholds } = model;
    const limits = MATCH_RATES.map((rate) => thresholds[rate].threshold);
    if (limits.some((limit, i) => i > 0 && limit >= (limits[i - 1] as number)))
      found.push(`${model.name}: thresholds must fall strictly from 1e-2 to 1e-5`);
  }
  return found;
}

/**
 * The model of a role: the named one, or the first in the manifest.
 * @throws OperatingError (usage) when there is none of that name; the message lists the known ones
 */
export function findModel<R extends Role>(manifest: Manifest, role: R, name?: string): ModelOf<R> {
  const candidates = manifest.models.filter((model): model is ModelOf<R> => model.role === role);
  const found = name === undefined ? candidates[0] : candidates.find((model) => model.name === name);
  if (found) return found;
  const known = candidates.map((model) => model.name).join(', ') || 'none';
  throw new OperatingError(
    'KAIMON_MODEL_UNKNOWN',
    `models/manifest.json has no model${name === undefined ? '' : ` "${name}"`} for the role ${role}: known are ${known}${role === 'encoder' && name !== undefined ? '; set "encoder" to one of them, or bring that one ("kaimon models add")' : ''}`,
  );
}

/** The encoder's name in every template: embeddings of model files that differ in more than rounding are never compared. */
export function encoderId(model: Pick<ModelOf<'encoder'>, 'name' | 'sha256' | 'sameAs' | 'readingDigest'>): string {
  return `${model.name}@${(model.readingDigest ?? model.sameAs ?? model.sha256).slice(0, 12)}`;
}
