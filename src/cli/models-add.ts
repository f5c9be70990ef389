import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from '../config/load.js';
import { type Added, addEncoder } from '../models/added/add-encoder.js';
import { encodersInUse } from '../models/added/in-use.js';
import type { TrialFigures } from '../models/added/judge-trial.js';
import { POINTS, PRESETS, type Preset, type ReadingOptions } from '../models/added/presets.js';
import { removeEncoder } from '../models/added/remove-encoder.js';
import { encoderId } from '../models/manifest.js';
import { modelPath, projectRoot } from '../models/model-files.js';
import { type CommonOptions, example, networksOf, print } from './context.js';
import { wholeNumber } from './options.js';

type Output = Pick<CommonOptions, 'json' | 'config' | 'state'>;

interface AddArguments extends Output, ReadingOptions {
  readonly name: string;
  readonly preset: Preset;
  readonly sha256?: string;
  readonly licence?: string;
  readonly replace?: boolean;
  readonly anyway?: boolean;
  readonly smallAsZero?: boolean;
}

const progress = (line: string): void => {
  process.stderr.write(`models: ${line}\n`);
};

const configOf = ({ config: file }: Output) => loadConfig({ file, env: process.env }).config;

async function add(root: string, file: string, options: AddArguments): Promise<void> {
  const [networks, config] = [networksOf(options), configOf(options)];
  const inUse = encodersInUse(config, networks);
  const added = await addEncoder({ ...options, root, networks, file, config, inUse, progress });
  const { entry, figures, encodeMs, small, doubt } = added;
  const { name, bytes, sha256, thresholds } = entry;
  const json = { name, encoder: encoderId(entry), file: entry.file, folder: entry.folder, bytes, sha256, thresholds };
  print(options, { ...json, encodeMs, smallWeights: small, doubt: doubt ?? null, figures }, linesOf(added));
}

function linesOf({ entry, figures, encodeMs, small, doubt }: Added): string[] {
  const { name, sha256, input, template, output } = entry;
  return [
    `added ${name}: ${modelPath(entry)} (sha256 ${sha256}), known as ${encoderId(entry)}`,
    `input ${input.width} × ${input.height} ${input.colour} ${input.layout}, (byte - ${input.mean.join('/')}) × ${input.scale}, aligned by ${template.name}; ${output.dimension} numbers from ${output.name}`,
    ...figureLines(figures, encodeMs),
    ...(doubt === undefined ? [] : [`warning: ${doubt}: added because of --anyway`]),
    ...(small > 0
      ? [
          `warning: ${small} weights are next to zero, with which some CPUs are several times slower: --small-as-zero sets them to zero`,
        ]
      : []),
    `its error rates were not measured, and a gate recognises nobody with it yet: run "kaimon calibrate DIR" with photos of your people under "encoder: ${name}", or set decision.threshold`,
    'people enrolled with another encoder have to be enrolled again, or "kaimon people reencode DIR"',
  ];
}

const two = (value: number): string => value.toFixed(2);

function figureLines({ faces, shifted, strangers, same, overlap, others }: TrialFigures, encodeMs: number): string[] {
  const compared = others.map((other) => `${two(other.overlap)} with ${other.reading}`);
  return [
    `${faces} faces of the samples, one in ${encodeMs.toFixed(1)} ms; shifted by three pixels ${shifted.toFixed(4)} apart (squared distance)`,
    `two people ${two(strangers.median)} apart (median of ${strangers.pairs} pairs, one of ten nearer than ${two(strangers.near)}), one person in other light, turned, small, mirrored ${two(same.median)} (median of ${same.pairs}, one of ten farther than ${two(same.far)})`,
    compared.length > 0
      ? `overlap of the two ${two(overlap)}, the smaller the better; ${compared.join(', ')}`
      : `overlap of the two ${two(overlap)}, the smaller the better; other ways to feed it were not compared, it is too slow here`,
    'the order of colours cannot be told from so few faces: take it from whoever published the network',
  ];
}

function meanOf(text: string): number[] {
  const values = text.split(',').map(Number);
  const right =
    (values.length === 1 || values.length === 3) && values.every((value) => value >= -1000 && value <= 1000);
  if (right && !text.split(',').some((part) => part.trim() === '')) return values;
  throw new InvalidArgumentError('One number, or three with commas between, from -1000 to 1000 is needed.');
}

function scaleOf(text: string): number {
  const value = Number(text);
  if (value >= 1e-6 && value <= 1000) return value;
  throw new InvalidArgumentError('A number from 0.000001 to 1000 is needed.');
}

function digestOf(text: string): string {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return text;
  throw new InvalidArgumentError('64 hex digits are needed.');
}

function licenceOf(text: string): string {
  if (/^[A-Za-z0-9.+-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('An SPDX id, as Apache-2.0, is needed.');
}

/** `kaimon models add FILE`: an encoder that the owner brings. @param root holds models/ */
export function addCommand(root: string | undefined): Command {
  return new Command('add')
    .description('add an encoder that you bring, an ONNX file, after it was tried on the sample photos')
    .argument('<file>', 'the .onnx file')
    .requiredOption('--name <name>', 'what it shall be called')
    .addOption(new Option('--preset <preset>', 'how its input is made').choices(PRESETS).makeOptionMandatory())
    .option('--size <pixels>', 'side of its input', wholeNumber(32, 512))
    .addOption(new Option('--points <points>', 'what faces are aligned by').choices(POINTS))
    .addOption(new Option('--colour <order>', 'order of its colours').choices(['rgb', 'bgr']))
    .option('--mean <mean>', 'taken from each byte: one number, or three with commas between', meanOf)
    .option('--scale <factor>', 'the rest is multiplied by', scaleOf)
    .addOption(
      new Option('--layout <layout>', 'of its input, where the shape does not say it').choices(['nchw', 'nhwc']),
    )
    .option('--output <name>', 'its output, where there are several')
    .option('--sha256 <digest>', 'the digest that the file must have', digestOf)
    .option('--licence <spdx>', 'its licence as its publisher states it, for example Apache-2.0', licenceOf)
    .option('--small-as-zero', 'set weights to zero that are next to nothing: faster on some CPUs')
    .option('--replace', 'in place of the encoder that was added under this name')
    .option('--anyway', 'also where faces of the samples do not part as they should')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('kaimon models add face_recognition_sface_2021dec.onnx --name sface --preset sface'))
    .action((file: string, _own, command: Command) => add(root ?? projectRoot(), file, command.optsWithGlobals()));
}

async function remove(root: string, name: string, options: Output): Promise<void> {
  const networks = networksOf(options);
  const model = await removeEncoder({ root, networks }, name, encodersInUse(configOf(options), networks));
  print(options, { removed: name, encoder: encoderId(model), file: model.file }, [
    `removed ${name} (${modelPath(model, root)}); templates that it made stay with their people and are compared with nothing`,
  ]);
}

/** `kaimon models remove NAME`. @param root holds models/ */
export function removeCommand(root: string | undefined): Command {
  return new Command('remove')
    .description('remove an encoder that was added or fetched, unless the configuration uses it')
    .addArgument(new Argument('<name>', 'the encoder'))
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', example('kaimon models remove sface'))
    .action((name: string, _own, command: Command) => remove(root ?? projectRoot(), name, command.optsWithGlobals()));
}
