import { describe, expect, test } from 'vitest';
import {
  consumerOf,
  edgeLevel,
  getCommand,
  holdCommand,
  infoCommand,
  setCommand,
  versionOf,
  watchCommand,
} from '../../../src/door/gpio/gpiod-tools.js';

describe('the gpiod tools', () => {
  test('print their version, which is read', () => {
    expect(versionOf('gpioset (libgpiod) v1.6.3\nCopyright')).toBe(1);
    expect(versionOf('gpioset (libgpiod) v2.2.1\nCopyright')).toBe(2);
    expect(versionOf('gpioset (libgpiod) v3.0')).toBeUndefined();
    expect(versionOf('')).toBeUndefined();
  });

  test('are called with the options of their version, to the same effect', () => {
    const commands = ([1, 2] as const).map((version) =>
      [
        holdCommand(version, 'gpiochip0', 17, true),
        setCommand(version, 'gpiochip0', 17, false),
        getCommand(version, 'gpiochip0', 4, 'up'),
        watchCommand(version, 'gpiochip0', 4, 'none'),
        infoCommand(version, 'gpiochip0'),
      ].map((command) => command.join(' ')),
    );
    expect(commands).toEqual([
      [
        'gpioset --mode=signal gpiochip0 17=1',
        'gpioset --mode=exit gpiochip0 17=0',
        'gpioget --bias=pull-up gpiochip0 4',
        'gpiomon --line-buffered --format=%e --bias=disable gpiochip0 4',
        'gpioinfo gpiochip0',
      ],
      [
        'gpioset -c gpiochip0 17=1',
        'gpioset -t 0 -c gpiochip0 17=0',
        'gpioget --numeric --bias=pull-up -c gpiochip0 4',
        'gpiomon --format=%e --bias=disabled -c gpiochip0 4',
        'gpioinfo -c gpiochip0',
      ],
    ]);
  });

  test('gpiomon: 1 is rising in both versions, falling is 0 or 2', () => {
    expect(['1', '0', '2', '', 'x'].map(edgeLevel)).toEqual([true, false, false, undefined, undefined]);
  });

  test('gpioinfo names the program that uses a line', () => {
    const one =
      'gpiochip0 - 3 lines:\n\tline   0:      "relay"    "gpioset"  output  active-high [used]\n\tline   1:      unnamed       unused   input  active-high \n\tline  10:      unnamed      "sysfs"   input  active-high [used]\n';
    expect([0, 1, 10, 2].map((offset) => consumerOf(1, one, offset))).toEqual([
      'gpioset',
      undefined,
      'sysfs',
      undefined,
    ]);
    const two =
      'gpiochip0 - 3 lines:\n\tline   0:\t"relay"         \toutput consumer="gpioset"\n\tline   1:\tunnamed         \tinput\n';
    expect([0, 1, 2].map((offset) => consumerOf(2, two, offset))).toEqual(['gpioset', undefined, undefined]);
  });
});
