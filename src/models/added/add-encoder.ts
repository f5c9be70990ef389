import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Config } from '../../config/config.js';
import { NETWORK_BYTES_MAX, type NetworkInput } from '../../face/network-input.js';
import { explain, messageOf, OperatingError } from '../../kit/errors.js';
import { writeFileAtomic } from '../../kit/files/atomic-file.js';
import { readPlainFile } from '../../kit/files/plain-file.js';
import { encoderId, findModel, type Manifest, type Model, type ModelOf, manifestSchema } from '../manifest.js';
import { ADDED_MAX, assertModels, fileDigest, folderOf, loadManifest, modelPath, samplePath } from '../model-files.js';
import { flushSmallNumbers } from '../onnx/small-numbers.js';
import { entryOf } from './entry.js';
import { type Fitted, fitGraph } from './fit-graph.js';
import type { InUse } from './in-use.js';
import { inspectGraph } from './inspect-graph.js';
import { judgeTrial, type TrialFigures } from './judge-trial.js';
import { assertFreeName, entryOnDisk, leftovers, nameFault, prepareNetworks, removeForGood } from './owned.js';
import {
  inputOf,
  type Layout,
  type Preset,
  type Reading,
  type ReadingOptions,
  readingOf,
  templateOf,
} from './presets.js';
import { runTrial } from './trial.js';

export interface AddOptions extends ReadingOptions {
  readonly root: string;
  /** Where it shall lie: with the state, so that the next release has it, too. */
  readonly networks: string;
  readonly file: string;
  readonly name: string;
  readonly preset: Preset;
  /** The digest that the file must have. */
  readonly sha256?: string | undefined;
  readonly licence?: string | undefined;
  readonly replace?: boolean | undefined;
  /** Also where faces of the samples do not part as they should. */
  readonly anyway?: boolean | undefined;
  /** Sets weights to zero that are next to nothing and slow. */
  readonly smallAsZero?: boolean | undefined;
  readonly config: Pick<Config, 'faces' | 'eye'>;
  readonly inUse: InUse;
  readonly progress: (line: string) => void;
}

export interface Added {
  readonly entry: ModelOf<'encoder'>;
  readonly figures: TrialFigures;
  readonly encodeMs: number;
  /** Weights next to zero that the file still has. */
  readonly small: number;
  /** What speaks against it, where it was added anyway. */
  readonly doubt: string | undefined;
}

/** Comparing with one other reading may take so long. */
const COMPARE_MS = 60_000;

/**
 * Adds an encoder that the owner brings to this installation: looks at the file, tries it on the sample photos in a process of its own,
 * writes it and, last, its entry: Kaimon ignores a network without an entry.
 * @throws OperatingError KAIMON_MODEL_NAME, KAIMON_ENCODER_FILE, KAIMON_ENCODER_GRAPH, KAIMON_ENCODER_TRIAL, KAIMON_ENCODER_DOUBTFUL,
 *   KAIMON_FILE_WRITE; nothing was added then
 */
export async function addEncoder(options: AddOptions): Promise<Added> {
  const { root, networks, name } = options;
  const manifest = loadManifest(root, networks);
  assertFreeName(manifest, name);
  const reading = readingOf(options.preset, options);
  const brought = await readBrought(options);
  const { fitted, small } = lookAt(brought, reading);
  const flushed = options.smallAsZero ? small : 0;
  const bytes = flushed > 0 ? flushSmallNumbers(brought).model : brought;
  const command = `kaimon models add ${basename(options.file).slice(0, 100)} --name ${name} --preset ${options.preset}${written(options)}`;
  const sha256 = digestOf(bytes);
  const { licence } = options;
  const said = entryOf({ name, bytes: bytes.length, sha256, reading, fitted, command, licence, flushed });
  const entry: ModelOf<'encoder'> = { ...said, folder: networks };
  const known = assertMayBe(manifest, entry, options);
  assertFits(manifest, entry);
  const path = modelPath(entry, root);
  await prepareNetworks(networks);
  const wasThere = existsSync(path) && (await fileDigest(path)) === sha256;
  // Readable for all users: the daemon does not run as the user who adds.
  if (!wasThere) await writeFileAtomic(path, [bytes], { mode: 0o644 });
  try {
    const tried = await tryOut(manifest, entry, reading, options);
    const json = `${JSON.stringify({ schema: 1, ...said }, null, 2)}\n`;
    await writeFileAtomic(join(networks, entryOnDisk(networks, name)), [json], { mode: 0o644 });
    await removeForGood(networks, await leftovers(networks, name, [entry.file]));
    if (known) await removeReplaced(known, entry, root);
    return { entry, ...tried, small: small - flushed };
  } catch (thrown) {
    if (!wasThere) await removeForGood(networks, [entry.file]);
    throw thrown;
  }
}

/** What the new entry stands for now; one in the release's folder goes as a whole. */
async function removeReplaced(known: Model, entry: Model, root: string): Promise<void> {
  const folder = folderOf(known, root);
  if (folder !== entry.folder) await removeForGood(folder, [entryOnDisk(folder, known.name), known.file]);
  else if (known.file !== entry.file) await removeForGood(folder, [known.file]);
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function readBrought({ file, sha256 }: AddOptions): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readPlainFile(file, NETWORK_BYTES_MAX);
  } catch (cause) {
    throw new OperatingError('KAIMON_ENCODER_FILE', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  const found = digestOf(bytes);
  if (sha256 !== undefined && sha256.toLowerCase() !== found)
    throw new OperatingError(
      'KAIMON_ENCODER_FILE',
      `${file} has the sha256 ${found}, ${sha256} was asked for${bytes.subarray(0, 8).toString('latin1') === 'version ' ? ': it is the pointer to the file in Git LFS, not the file' : ''}; nothing was added`,
    );
  return bytes;
}

/** How the graph takes a picture, and how many of its weights are next to zero. */
function lookAt(bytes: Uint8Array, reading: Reading): { readonly fitted: Fitted; readonly small: number } {
  try {
    return { fitted: fitGraph(inspectGraph(bytes), reading), small: flushSmallNumbers(bytes).flushed };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OperatingError(
      'KAIMON_ENCODER_GRAPH',
      `the file is no ONNX network that can be used (${messageOf(cause)}); nothing was added`,
      { cause },
    );
  }
}

/** What the owner said beside the preset, for whoever must add the file again. */
const written = ({ size, points, colour, mean, scale, layout, output, smallAsZero }: AddOptions): string =>
  Object.entries({ size, points, colour, mean: mean?.join(','), scale, layout, output })
    .flatMap(([key, value]) => (value === undefined ? [] : [` --${key} ${value}`]))
    .join('') + (smallAsZero ? ' --small-as-zero' : '');

/** @returns the one that it replaces @throws OperatingError KAIMON_MODEL_NAME where the name is taken by another one */
function assertMayBe(manifest: Manifest, entry: ModelOf<'encoder'>, { replace, inUse }: AddOptions): Model | undefined {
  const known = manifest.models.find(({ name }) => name === entry.name);
  if (!known || (known.role === 'encoder' && encoderId(known) === encoderId(entry))) return known;
  if (!replace)
    throw nameFault(
      `${entry.name} is there already, with another file or other settings: choose another name, or replace it with --replace`,
    );
  const user = inUse.get(known.name);
  if (user !== undefined)
    throw nameFault(
      `${entry.name} is the encoder of ${user}: add the new one under another name, set "encoder:" to it, then remove ${entry.name}`,
    );
  return known;
}

/** The owner learns it here and not when the gate starts. @throws OperatingError KAIMON_MODEL_ADDED */
function assertFits({ models, ...rest }: Manifest, entry: ModelOf<'encoder'>): void {
  const others = models.filter(({ name }) => name !== entry.name);
  const added = others.filter(({ source }) => source.kind === 'owner').length;
  if (added >= ADDED_MAX)
    throw new OperatingError(
      'KAIMON_MODEL_ADDED',
      `${added} models were added already, ${ADDED_MAX} may be: remove one first`,
    );
  const plain = [...others, entry].map(({ folder: _where, ...model }) => model);
  const whole = manifestSchema.safeParse({ ...rest, models: plain });
  if (!whole.success)
    throw new OperatingError(
      'KAIMON_MODEL_ADDED',
      `the entry cannot stand beside the others (${explain(whole.error)}); nothing was added`,
      { cause: whole.error },
    );
}

/** Other ways in which encoders are commonly fed; the first name is for the sentence. */
const SCALES: readonly (readonly [string, number, number])[] = [
  ['bytes as they are (--mean 0 --scale 1)', 0, 1],
  ['numbers from 0 to 1 (--mean 0 --scale 0.00392157)', 0, 1 / 255],
  ['numbers from -1 to 1 (--mean 127.5 --scale 0.00784314)', 127.5, 1 / 127.5],
];

/** The reading itself, then those that it could be mistaken for, each with its name. */
export function readingsToTry(reading: Reading, layout: Layout): readonly (readonly [string, NetworkInput])[] {
  const own = inputOf(reading, layout);
  const colour = own.colour === 'rgb' ? 'bgr' : 'rgb';
  const others = SCALES.filter(([, mean, scale]) => !isLike(own, mean, scale)).map(
    ([name, mean, scale]) => [name, { ...own, mean: [mean], scale }] as const,
  );
  return [['as given', own], [`its colours the other way round (--colour ${colour})`, { ...own, colour }], ...others];
}

/** 127 and 1/128 are the same as 127.5 and 1/127.5 to any network. */
const isLike = (input: NetworkInput, mean: number, scale: number): boolean =>
  input.mean.every((value) => Math.abs(value - mean) < 2) && Math.abs(input.scale / scale - 1) < 0.02;

async function tryOut(
  manifest: Manifest,
  entry: ModelOf<'encoder'>,
  reading: Reading,
  { root, config, anyway, progress }: AddOptions,
): Promise<Pick<Added, 'figures' | 'encodeMs' | 'doubt'>> {
  const [confirmer, landmarks] = [findModel(manifest, 'detector-confirm'), findModel(manifest, 'landmarks')];
  await assertModels(manifest, [confirmer.name, landmarks.name], root);
  const readings = readingsToTry(reading, entry.input.layout);
  const { haar, confirm } = config.faces;
  const trial = await runTrial({
    settings: {
      faces: { haar, confirm },
      confirmer: { file: modelPath(confirmer, root), input: confirmer.input },
      landmarks: { file: modelPath(landmarks, root), input: landmarks.input },
      encoder: {
        file: modelPath(entry, root),
        output: entry.output.name,
        template: templateOf(reading),
        inputs: readings.map(([, { mean, ...input }]) => ({ ...input, mean: [...mean] })),
      },
      compareMs: COMPARE_MS,
    },
    readings: readings.map(([name]) => name),
    photos: await readSamples(manifest, root),
    eye: config.eye,
    progress,
  });
  const verdict = judgeTrial(trial);
  if (verdict.kind === 'broken')
    throw new OperatingError('KAIMON_ENCODER_TRIAL', `the network cannot be used: ${verdict.why}; nothing was added`);
  const { figures } = verdict;
  const doubt = verdict.kind === 'doubtful' ? verdict.why : undefined;
  if (doubt !== undefined && !anyway)
    throw new OperatingError(
      'KAIMON_ENCODER_DOUBTFUL',
      `the network is probably fed in the wrong way: ${doubt}; nothing was added. Whoever published it says how its input is made; --anyway adds it nevertheless`,
    );
  return { figures, encodeMs: trial.encodeMs, doubt };
}

async function readSamples(manifest: Manifest, root: string): Promise<Buffer[]> {
  try {
    return await Promise.all(manifest.samples.map((sample) => readPlainFile(samplePath(sample, root), sample.bytes)));
  } catch (cause) {
    throw new OperatingError(
      'KAIMON_ENCODER_TRIAL',
      `the sample photos cannot be read (${explain(cause)}): run "kaimon models build"`,
      { cause },
    );
  }
}
