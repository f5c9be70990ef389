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

/** A whole number of at least `low`. */
export const wholeNumber =
  (low: number, high: number) =>
  (text: string): number => {
    const value = number(text, low, high, 'A whole number');
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError('A whole number is needed.');
  };
