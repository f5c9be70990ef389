import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Alteration } from '../evaluation/frames/alteration.js';
import { CLIP_FPS_MAX } from '../evaluation/frames/protocol.js';

function number(text: string, low: number, high: number, what: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= low && value <= high) return value;
  throw new InvalidArgumentError(`${what} from ${low} to ${high} is needed.`);
}

/** `--threshold D`: a squared distance that overrides the configuration. */
export const distanceOption = (): Option =>
  new Option('--threshold <distance>', 'largest squared distance of a match, in place of the configuration').argParser(
    (text) => number(text, 0, 4, 'A squared distance'),
  );

/** A whole number from `low` to `high`. */
export const wholeNumber =
  (low: number, high: number) =>
  (text: string): number => {
    const value = number(text, low, high, 'A whole number');
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError('A whole number is needed.');
  };

/** A share that some of many strangers may have, from one in a million to a half. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 1e-6 && value <= 0.5) return value;
  throw new InvalidArgumentError('A share from 0.000001 to 0.5 is needed.');
}

/** `--workers N`: 1 to 16. */
export const workersOption = (): Option =>
  new Option('--workers <n>', 'eyes that measure side by side')
    .argParser(wholeNumber(1, 16))
    .default(Math.min(4, availableParallelism()), 'as many as there are cores, at most 4');

/** `--plot DIR`. */
export const plotOption = (): Option => new Option('--plot <dir>', 'draw charts (SVG) into this folder; it is created');

/** `--report FILE`. */
export const reportOption = (): Option =>
  new Option('--report <file>', 'write a short report (one HTML file); its folder is created');

/** `--fps N` and `--take-fps N`: the times of frames. */
export const addFrameRates = (command: Command): Command =>
  command
    .option('--fps <n>', 'frames looked at in a second of a video', wholeNumber(1, CLIP_FPS_MAX), 8)
    .option(
      '--take-fps <n>',
      'frame numbers of a take a second, where manifest.csv has no fps',
      wholeNumber(1, 240),
      20,
    );

/** What {@link addAlteration} adds to the options of a command. */
export interface AlterationOptions {
  readonly noise: number;
  readonly dim: number;
  readonly scale: number;
  readonly jpeg?: number;
}

/** `--noise SD`, `--dim F`, `--scale F`, `--jpeg Q`: how the frames of a set are spoiled before they are measured. */
export function addAlteration(command: Command): Command {
  const within = (low: number, high: number) => (text: string) => number(text, low, high, 'A number');
  return command
    .option('--noise <sd>', 'adds pixel noise of this standard deviation to every frame', within(0, 128), 0)
    .option('--dim <factor>', 'multiplies every pixel: 0.25 is a quarter of the light', within(0.01, 4), 1)
    .option('--scale <factor>', 'shrinks every frame: 0.5 is half as wide and as high', within(0.1, 1), 1)
    .option('--jpeg <quality>', 'puts every frame through a JPEG of this quality', wholeNumber(1, 100));
}

export const alterationOf = ({ noise, dim, scale, jpeg }: AlterationOptions): Alteration => ({
  noise,
  dim,
  scale,
  jpeg: jpeg ?? null,
});
