import { availableParallelism } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';

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
    .default(Math.min(4, availableParallelism()));

/** `--plot DIR`. */
export const plotOption = (): Option => new Option('--plot <dir>', 'draw charts (SVG) into this folder; it is created');

/** `--report FILE`. */
export const reportOption = (): Option =>
  new Option('--report <file>', 'write a short report (one HTML file); its folder is created');
