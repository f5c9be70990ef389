// pure
import type { Pull } from './gpio.js';

/** The command line tools of libgpiod changed their options with version 2. */
export type ToolsVersion = 1 | 2;

/** A command and its arguments. */
export type Command = readonly [tool: 'gpioset' | 'gpioget' | 'gpiomon' | 'gpioinfo' | 'gpiodetect', ...args: string[]];

const BIAS: Readonly<Record<ToolsVersion, Readonly<Record<Pull, string | null>>>> = {
  1: { 'as-is': null, up: 'pull-up', down: 'pull-down', none: 'disable' },
  2: { 'as-is': null, up: 'pull-up', down: 'pull-down', none: 'disabled' },
};
const bias = (version: ToolsVersion, pull: Pull): string[] => {
  const word = BIAS[version][pull];
  return word === null ? [] : [`--bias=${word}`];
};

/** From what `gpioset --version` prints, `gpioset (libgpiod) v2.2.1`; undefined for any other version. */
export function versionOf(printed: string): ToolsVersion | undefined {
  const major = /\(libgpiod\) v([12])\./.exec(printed)?.[1];
  if (major === undefined) return undefined;
  return major === '1' ? 1 : 2;
}

/** Holds a line at a level until it is killed. */
export const holdCommand = (version: ToolsVersion, chip: string, offset: number, high: boolean): Command => {
  const set = `${offset}=${high ? 1 : 0}`;
  return version === 1 ? ['gpioset', '--mode=signal', chip, set] : ['gpioset', '-c', chip, set];
};

/** Sets a line to a level and ends at once. */
export const setCommand = (version: ToolsVersion, chip: string, offset: number, high: boolean): Command => {
  const set = `${offset}=${high ? 1 : 0}`;
  return version === 1 ? ['gpioset', '--mode=exit', chip, set] : ['gpioset', '-t', '0', '-c', chip, set];
};

/** Prints 0 or 1. */
export const getCommand = (version: ToolsVersion, chip: string, offset: number, pull: Pull): Command =>
  version === 1
    ? ['gpioget', ...bias(version, pull), chip, String(offset)]
    : ['gpioget', '--numeric', ...bias(version, pull), '-c', chip, String(offset)];

/** Prints one line for each edge. */
export const watchCommand = (version: ToolsVersion, chip: string, offset: number, pull: Pull): Command =>
  version === 1
    ? ['gpiomon', '--line-buffered', '--format=%e', ...bias(version, pull), chip, String(offset)]
    : ['gpiomon', '--format=%e', ...bias(version, pull), '-c', chip, String(offset)];

/** The level after an edge: version 1 prints 1 for rising and 0 for falling, version 2 prints 1 and 2. */
export const edgeLevel = (printed: string): boolean | undefined => {
  if (printed === '1') return true;
  return printed === '0' || printed === '2' ? false : undefined;
};

export const infoCommand = (version: ToolsVersion, chip: string): Command =>
  version === 1 ? ['gpioinfo', chip] : ['gpioinfo', '-c', chip];

/** The program that uses a line, from what gpioinfo prints; undefined while the line is free. */
export function consumerOf(version: ToolsVersion, printed: string, offset: number): string | undefined {
  const line = printed.split('\n').find((text) => new RegExp(`^\\s*line\\s+${offset}:`).test(text));
  if (line === undefined) return undefined;
  if (version === 2) return /consumer="([^"]*)"/.exec(line)?.[1] ?? (/\[used\]/.test(line) ? 'unknown' : undefined);
  if (!/\[used\]|\[kernel/.test(line)) return undefined;
  return /:\s+(?:"[^"]*"|unnamed)\s+"([^"]*)"/.exec(line)?.[1] ?? 'the kernel';
}
