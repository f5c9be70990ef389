import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { explain, OperatingError } from '../kit/errors.js';
import { addedModelSchema, type Extra, type Manifest, type Model, manifestSchema } from './manifest.js';

/** Folders to go up from this file until one holds models/manifest.json: 2 from src/ and from dist/; some spare. */
const CLIMB_MAX = 6;

/** The folder that holds models/: a checkout or an installation. @throws OperatingError when there is none above. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let climbed = 0; climbed < CLIMB_MAX; climbed++) {
    if (existsSync(join(folder, 'models', 'manifest.json'))) return folder;
    folder = dirname(folder);
  }
  throw new OperatingError(
    'KAIMON_MODEL_MANIFEST',
    `no models/manifest.json above ${fileURLToPath(import.meta.url)}: install Kaimon again`,
  );
}

/** Most models that an installation may add. */
export const ADDED_MAX = 20;

/**
 * Reads and checks `<root>/models/manifest.json`, and the files beside it with the models that this installation added: one
 * model a file, of the source "owner", listed after those of the release. @throws OperatingError naming every faulty field
 */
export function loadManifest(root = projectRoot()): Manifest {
  const folder = join(root, 'models');
  const release = readJson(join(folder, 'manifest.json'), 'restore it from the release', manifestSchema);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json') && name !== 'manifest.json')
    .sort();
  if (names.length === 0) return release;
  const fault = (message: string, cause?: unknown) => new OperatingError('KAIMON_MODEL_ADDED', message, { cause });
  if (names.length > ADDED_MAX)
    throw fault(`${folder} holds ${names.length} added models, at most ${ADDED_MAX} may be`);
  const added = names.map((name) => readJson(join(folder, name), 'mend it or remove it', addedModelSchema));
  const stranger = added.findIndex(({ source }) => source.kind !== 'owner');
  if (stranger >= 0)
    throw fault(`${join(folder, names[stranger] ?? '')}: source.kind must be "owner"; mend it or remove it`);
  const whole = manifestSchema.safeParse({ ...release, models: [...release.models, ...added] });
  if (whole.success) return whole.data;
  throw fault(
    `${names.join(', ')} in ${folder} cannot stand beside the manifest (${explain(whole.error)})`,
    whole.error,
  );
}

function readJson<T>(file: string, advice: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new OperatingError('KAIMON_MODEL_MANIFEST', `${file} cannot be used (${explain(cause)}): ${advice}`, {
      cause,
    });
  }
}

/** The path of a model's file. */
export const modelPath = (model: Pick<Model, 'file'>, root = projectRoot()): string => join(root, 'models', model.file);

/** The path of a sample photo. */
export const samplePath = (sample: Pick<Extra, 'file'>, root = projectRoot()): string =>
  join(root, 'models', 'build', 'samples', sample.file);

/** The path of a file that a model was exported from. */
export const originalPath = (original: Pick<Extra, 'file'>, root = projectRoot()): string =>
  join(root, 'models', 'build', 'originals', original.file);

/** Hex digest of a file. @returns undefined when there is no such file. @throws OperatingError when it is unreadable. */
export async function fileDigest(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatingError('KAIMON_MODEL_READ', `cannot read ${path}: check its permissions`, {
      cause,
    });
  }
}

/** The state of one file of the manifest. */
export type Finding = {
  readonly kind: 'model' | 'sample' | 'original';
  readonly name: string;
  readonly path: string;
  readonly expected: string;
  /** What to do to get the right file, as the end of a sentence. */
  readonly way: string;
} & (
  | { readonly state: 'ok' }
  | { readonly state: 'missing' }
  /** `earlier`: it is what an earlier release built. */
  | { readonly state: 'wrong'; readonly found: string; readonly earlier: boolean }
);

async function inspect(
  kind: Finding['kind'],
  name: string,
  path: string,
  expected: string,
  way = 'run "kaimon models build"',
  earlier: readonly string[] = [],
): Promise<Finding> {
  const found = await fileDigest(path);
  if (found === undefined) return { kind, name, path, expected, way, state: 'missing' };
  return found === expected
    ? { kind, name, path, expected, way, state: 'ok' }
    : { kind, name, path, expected, way, state: 'wrong', found, earlier: earlier.includes(found) };
}

const inspectModel = (model: Model, root: string): Promise<Finding> =>
  inspect('model', model.name, modelPath(model, root), model.sha256, WAYS[model.source.kind](model), model.earlier);

/** What to do to get a model's file, by where it comes from. */
const WAYS: Readonly<Record<Model['source']['kind'], (model: Model) => string>> = {
  npm: () => 'run "kaimon models build"',
  trained: () => 'restore it from the release',
  owner: ({ name, source }) => {
    // Both say by which command they were added.
    const from = source.kind === 'owner' && source.from.startsWith('kaimon models ') ? ` ("${source.from}")` : '';
    return `bring it again${from}, or remove models/${name}.json`;
  },
};

/** Compares the digest of every file of the manifest: models first, in the manifest's order. */
export async function verifyModels(manifest: Manifest, root = projectRoot()): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const model of manifest.models) findings.push(await inspectModel(model, root));
  for (const sample of manifest.samples)
    findings.push(await inspect('sample', sample.file, samplePath(sample, root), sample.sha256));
  for (const original of manifest.originals)
    findings.push(await inspect('original', original.file, originalPath(original, root), original.sha256));
  return findings;
}

/** One line about a file that is not as it should be. */
export function describeFault(finding: Finding): string {
  if (finding.state === 'wrong' && finding.earlier)
    return `${finding.path} was built by an earlier release of Kaimon (sha256 ${finding.found}, now ${finding.expected}); ${finding.way}`;
  if (finding.state === 'wrong')
    return `${finding.path} is not the file that models/manifest.json names: sha256 ${finding.found}, expected ${finding.expected}; ${finding.way}`;
  return `${finding.path} is missing (sha256 ${finding.expected}); ${finding.way}`;
}

/**
 * Makes sure that the files of these models are exactly those of the manifest.
 * @param names of models @throws OperatingError (environment) with one line about the first file at fault
 */
export async function assertModels(manifest: Manifest, names: readonly string[], root = projectRoot()): Promise<void> {
  for (const name of names) {
    const model = manifest.models.find((candidate) => candidate.name === name);
    if (!model) throw new OperatingError('KAIMON_MODEL_UNKNOWN', `models/manifest.json has no model "${name}"`);
    const finding = await inspectModel(model, root);
    if (finding.state === 'ok') continue;
    const code = finding.state === 'missing' ? 'KAIMON_MODEL_MISSING' : 'KAIMON_MODEL_DIGEST';
    throw new OperatingError(code, describeFault(finding));
  }
}
