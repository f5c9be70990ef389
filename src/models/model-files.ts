import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { NETWORK_BYTES_MAX } from '../face/network-input.js';
import { explain, OperatingError } from '../kit/errors.js';
import { errnoOf } from '../kit/files/errno.js';
import { openPlainFile, readPlainFileSync } from '../kit/files/plain-file.js';
import { entryOnDisk } from './added/owned.js';
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
const ENTRY_BYTES_MAX = 64 * 1024;
/** Nothing that lists networks is larger. */
export const MANIFEST_BYTES_MAX = 1024 * 1024;

/**
 * Reads and checks `<root>/models/manifest.json` and the entries of networks that were added, one a file, of the source "owner", which are
 * listed after those of the release.
 * @param networks where the site keeps them (config/paths.ts); undefined: only those in the release's own folder, where they were kept before
 * @throws OperatingError KAIMON_MODEL_MANIFEST, KAIMON_MODEL_ADDED naming every faulty field
 */
export function loadManifest(root = projectRoot(), networks?: string): Manifest {
  const folder = join(root, 'models');
  const release = readJson(join(folder, 'manifest.json'), 'restore it from the release', manifestSchema);
  const own = networks === undefined ? [] : entriesIn(networks).map((model) => ({ ...model, folder: networks }));
  // Whoever copied one out of the release's folder need not remove it there.
  const before = entriesIn(folder).filter(({ name }) => !own.some((model) => model.name === name));
  const added: readonly Model[] = [...own, ...before];
  if (added.length === 0) return release;
  assertBeside(release, added, networks ?? folder);
  return { ...release, models: [...release.models, ...added] };
}

/** The entries that were added in a folder, by name of their files; none where there is no such folder. */
function entriesIn(folder: string): Model[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'manifest.json');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw new OperatingError('KAIMON_MODEL_READ', `cannot read the folder ${folder}: check its permissions`, { cause });
  }
  if (names.length > ADDED_MAX)
    throw addedFault(`${folder} holds ${names.length} added models, at most ${ADDED_MAX} may be`);
  return names.sort().map((name) => {
    const model = readJson(join(folder, name), 'mend it or remove it', addedModelSchema);
    if (model.source.kind === 'owner') return model;
    throw addedFault(`${join(folder, name)}: source.kind must be "owner"; mend it or remove it`);
  });
}

const addedFault = (message: string, cause?: unknown) => new OperatingError('KAIMON_MODEL_ADDED', message, { cause });

/** @throws OperatingError KAIMON_MODEL_ADDED where what was added cannot stand beside the release's own */
function assertBeside(release: Manifest, added: readonly Model[], folder: string): void {
  const taken = added.find(({ name }) => release.models.some((model) => model.name === name));
  if (taken)
    throw addedFault(
      `an added model in ${folder} is called ${taken.name} as one of the release is: remove it, and add it under another name`,
    );
  const models = [...release.models, ...added].map(({ folder: _where, ...model }) => model);
  const { error } = manifestSchema.safeParse({ ...release, models });
  if (error)
    throw addedFault(
      `${added.map(({ name }) => name).join(', ')} cannot stand beside the manifest (${explain(error)}): mend or remove the entry in ${folder}`,
      error,
    );
}

/** Sentences about added networks that lie where the next release will not look. @param networks where they belong */
export function inReleaseFolder({ models }: Manifest, networks: string, root = projectRoot()): readonly string[] {
  const before = models.filter(({ source, folder }) => source.kind === 'owner' && folder === undefined);
  return before.map(({ name, file }) => {
    const release = join(root, 'models');
    // Whatever the shell and its umask, and whatever the entry is called.
    const both = [entryOnDisk(release, name), file].map((moved) => join(release, moved)).join(' ');
    return `network-in-release: the network ${name} lies in the folder of this release, and the next one will not have it: install -d -m 755 ${networks} && mv ${both} ${networks}/`;
  });
}

function readJson<T>(file: string, advice: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(
      JSON.parse(
        readPlainFileSync(file, file.endsWith('manifest.json') ? MANIFEST_BYTES_MAX : ENTRY_BYTES_MAX).toString('utf8'),
      ),
    );
  } catch (cause) {
    throw new OperatingError('KAIMON_MODEL_MANIFEST', `${file} cannot be used (${explain(cause)}): ${advice}`, {
      cause,
    });
  }
}

/** The path of a model's file. */
export const modelPath = ({ file, folder }: Pick<Model, 'file' | 'folder'>, root?: string): string =>
  join(folder ?? join(root ?? projectRoot(), 'models'), file);

/** Where the entry and the file of an added network lie. */
export const folderOf = ({ folder }: Pick<Model, 'folder'>, root?: string): string =>
  folder ?? join(root ?? projectRoot(), 'models');

/** The path of a sample photo. */
export const samplePath = (sample: Pick<Extra, 'file'>, root = projectRoot()): string =>
  join(root, 'models', 'build', 'samples', sample.file);

/** The path of a file that a model was exported from. */
export const originalPath = (original: Pick<Extra, 'file'>, root = projectRoot()): string =>
  join(root, 'models', 'build', 'originals', original.file);

/**
 * Hex digest of a file. @param itself refuses a link: what it leads to may be out of its folder, where no eye sees it
 * @returns undefined when there is no such file. @throws OperatingError when it is unreadable, or no plain file.
 */
export async function fileDigest(path: string, itself = false): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    // The stream closes it.
    await pipeline((await openPlainFile(path, NETWORK_BYTES_MAX, itself)).createReadStream(), hash);
    return hash.digest('hex');
  } catch (cause) {
    const errno = errnoOf(cause);
    if (errno === 'ENOENT') return undefined;
    const said =
      errno === undefined
        ? `cannot use ${path}: put the network itself there`
        : `cannot read ${path}: ${errno === 'ELOOP' ? 'it is a link, put the file itself there' : 'check its permissions'}`;
    throw new OperatingError('KAIMON_MODEL_READ', said, { cause });
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
  {
    itself = false,
    earlier = [],
  }: { readonly itself?: boolean; readonly earlier?: readonly string[] | undefined } = {},
): Promise<Finding> {
  const found = await fileDigest(path, itself);
  if (found === undefined) return { kind, name, path, expected, way, state: 'missing' };
  return found === expected
    ? { kind, name, path, expected, way, state: 'ok' }
    : { kind, name, path, expected, way, state: 'wrong', found, earlier: earlier.includes(found) };
}

const inspectModel = (model: Model, root: string): Promise<Finding> =>
  inspect('model', model.name, modelPath(model, root), model.sha256, WAYS[model.source.kind](model), {
    itself: model.folder !== undefined,
    earlier: model.earlier,
  });

/** What to do to get a model's file, by where it comes from. */
const WAYS: Readonly<Record<Model['source']['kind'], (model: Model) => string>> = {
  npm: () => 'run "kaimon models build"',
  trained: () => 'restore it from the release',
  owner: ({ name, source, folder }) => {
    // Both say by which command they were added.
    const from = source.kind === 'owner' && source.from.startsWith('kaimon models ') ? ` ("${source.from}")` : '';
    return `bring it again${from}, or remove ${folder ?? 'models'}/${name}.json`;
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
