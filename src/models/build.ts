import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { explain, impossible, OperatingError } from '../kit/errors.js';
import { writeFileAtomic } from '../kit/files/atomic-file.js';
import { makeFolder } from '../kit/files/make-folder.js';
import { exportFaceLandmark68 } from './face-landmark-68.js';
import type { Extra, Manifest, NpmSource } from './manifest.js';
import { fileDigest, modelPath, originalPath, projectRoot, samplePath } from './model-files.js';
import { fetchTarball, type Origin, type PinnedPackage } from './npm-package.js';
import { readQuantisedWeights } from './quantised-weights.js';
import { rewriteNetwork } from './rewrite/rewrite.js';
import { readTarball } from './tarball.js';

/** One file to be made from a package. */
interface Target {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly source: PinnedPackage & Pick<NpmSource, 'path' | 'how' | 'original'>;
}

export interface BuildOptions {
  readonly root?: string | undefined;
  /** A folder with the packages' tarballs, instead of npm. */
  readonly from?: string | undefined;
  /** Sentences for a person. */
  readonly progress?: (line: string) => void;
}

/** Names of the files that were written, and of those that were right already. */
export interface Built {
  readonly written: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Makes every file of the manifest that comes from a package and is missing or has a wrong digest. The same packages give
 * the same bytes; no package is read when there is nothing to do.
 * @throws OperatingError when a package cannot be fetched, or a result does not have the digest that the manifest names
 */
export async function buildModels(manifest: Manifest, options: BuildOptions = {}): Promise<Built> {
  const root = options.root ?? projectRoot();
  const progress = options.progress ?? (() => undefined);
  const origin: Origin =
    options.from === undefined ? { kind: 'npm', cwd: root } : { kind: 'folder', folder: options.from };
  const kept: string[] = [];
  const due = new Map<string, Target[]>();
  for (const target of targetsOf(manifest, root)) {
    if ((await fileDigest(target.path)) === target.sha256) {
      kept.push(target.name);
      continue;
    }
    const key = `${target.source.package}@${target.source.version}`;
    due.set(key, [...(due.get(key) ?? []), target]);
  }
  const written: string[] = [];
  for (const targets of due.values()) {
    for (const name of await buildFromPackage(targets, origin, progress)) written.push(name);
  }
  return { written, kept };
}

function targetsOf(manifest: Manifest, root: string): Target[] {
  const targets: Target[] = [];
  for (const model of manifest.models)
    if (model.source.kind === 'npm')
      targets.push({ name: model.name, path: modelPath(model, root), sha256: model.sha256, source: model.source });
  const take = (extra: Extra, path: string): void => {
    targets.push({ name: extra.file, path, sha256: extra.sha256, source: { ...extra.source, how: 'as-is' } });
  };
  for (const sample of manifest.samples) take(sample, samplePath(sample, root));
  for (const original of manifest.originals) take(original, originalPath(original, root));
  return targets;
}

async function buildFromPackage(
  targets: readonly Target[],
  origin: Origin,
  progress: (line: string) => void,
): Promise<string[]> {
  const [first] = targets;
  if (!first) return [];
  const tgz = await fetchTarball(first.source, origin, progress);
  try {
    const members = readTarball(tgz, [...new Set(targets.flatMap(({ source }) => membersOf(source)))]);
    for (const target of targets) {
      progress(`${DOING[target.source.how]} ${target.name}`);
      await place(target, produce(target.source, members));
    }
  } catch (cause) {
    if (cause instanceof OperatingError) throw cause;
    throw new OperatingError(
      'KAIMON_MODEL_EXPORT',
      `cannot build ${targets.map((target) => target.name).join(', ')} from ${first.source.package}@${first.source.version} (${explain(cause)})`,
      { cause },
    );
  }
  return targets.map((target) => target.name);
}

const DOING: Readonly<Record<NpmSource['how'], string>> = {
  'as-is': 'taking',
  rewrite: 'rewriting',
  'export:face-landmark-68': 'exporting',
};

/** The list that belongs to a file of TensorFlow.js weights. */
const weightsList = (path: string): string => path.replace(/\.bin$/, '-weights_manifest.json');

const isOneFile = ({ how }: Target['source']): boolean => how === 'as-is' || how === 'rewrite';
const membersOf = (source: Target['source']): string[] =>
  isOneFile(source) ? [source.path] : [source.path, weightsList(source.path)];

function produce(source: Target['source'], members: ReadonlyMap<string, Buffer>): Uint8Array {
  const member = (path: string): Buffer => {
    const bytes = members.get(path);
    if (!bytes) throw new RangeError(`the archive has no file ${path}`);
    return bytes;
  };
  switch (source.how) {
    case 'as-is':
      return member(source.path);
    case 'rewrite':
      return rewriteNetwork(originalOf(source, member(source.path)), rewrittenFrom(source));
    case 'export:face-landmark-68': {
      const tensors = readQuantisedWeights(member(weightsList(source.path)).toString('utf8'), member(source.path));
      return exportFaceLandmark68(tensors, `${source.package}@${source.version} ${source.path}`);
    }
    default:
      return impossible(source.how);
  }
}

/** The file of the package, which must be the one that was looked at when its rewriting was tried. */
function originalOf({ original, path }: Target['source'], bytes: Uint8Array): Uint8Array {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === original) return bytes;
  throw new RangeError(`${path} has the sha256 ${found}, models/manifest.json expects ${original}`);
}

/** Stands inside a rewritten file, for whoever meets it elsewhere. */
export const rewrittenFrom = (
  source: Pick<NpmSource, 'package' | 'version' | 'path'>,
): Readonly<Record<string, string>> => ({
  source: `${source.package}@${source.version} ${source.path}`,
  changed: 'Rewritten by Kaimon for speed: the same network, the same outputs to rounding.',
});

/** Writes a file whole or not at all, and only if it has the digest that the manifest names. */
async function place(target: Target, bytes: Uint8Array): Promise<void> {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== target.sha256)
    throw new OperatingError(
      'KAIMON_MODEL_EXPORT',
      `${target.name} came out with sha256 ${found}, models/manifest.json expects ${target.sha256}; nothing was written`,
    );
  const folder = dirname(target.path);
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_MODEL_WRITE',
      `cannot make the folder ${folder} (${explain(cause)}): check the permissions above it`,
      { cause },
    );
  }
  // Readable for all users: the daemon does not run as the user who builds.
  await writeFileAtomic(target.path, [bytes], { mode: 0o644 });
}
