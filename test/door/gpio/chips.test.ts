import { describe, expect, test } from 'vitest';
import { type Chip, chipsOf, refuseTwice, resolveLine } from '../../../src/door/gpio/chips.js';
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

const chip = (name: string, label: string, lines = 54, base: number | null = null): Chip => ({
  name,
  label,
  lines,
  base,
});
const PI5 = [chip('gpiochip0', 'pinctrl-rp1', 54, 571), chip('gpiochip10', 'gpio-brcmstb@107d508500', 32, 512)];

describe('finding a line', () => {
  test('by BCM number on a Raspberry Pi, wherever the kernel begins to count', () => {
    expect(resolveLine('door.relay.line', 17, PI5)).toEqual({
      chip: 'gpiochip0',
      label: 'pinctrl-rp1',
      offset: 17,
      number: 588,
    });
    expect(resolveLine('door.relay.line', 17, [chip('gpiochip0', 'pinctrl-bcm2711')]).number).toBeNull();
  });

  test('by label and offset elsewhere', () => {
    const jetson = [chip('gpiochip0', 'tegra234-gpio', 164), chip('gpiochip1', 'tegra234-gpio-aon', 32)];
    expect(resolveLine('door.rex.line', { chip: 'tegra234-gpio-aon', offset: 3 }, jetson).chip).toBe('gpiochip1');
  });

  test.each<[string, Parameters<typeof resolveLine>[1], readonly Chip[], string]>([
    ['a BCM number on another board', 17, [chip('gpiochip0', 'INT34C6:00', 463)], "BCM numbers need a Raspberry Pi's"],
    ['a BCM number without any chip', 17, [], 'this machine has: none'],
    ['a label that is not there', { chip: 'pinctrl-rp2', offset: 1 }, PI5, 'no GPIO chip with the label "pinctrl-rp2"'],
    ['two chips of one label', { chip: 'x', offset: 1 }, [chip('a', 'x'), chip('b', 'x')], 'several GPIO chips fit'],
    ['a line beyond the last', 54, PI5, 'the lines 0 to 53, but not 54'],
  ])('%s is refused with the key and the chips that there are', (_what, address, chips, sentence) => {
    const resolve = () => resolveLine('door.relay.line', address, chips);
    expect(resolve).toThrow(sentence);
    expect(resolve).toThrow('door.relay.line');
  });

  test('a line with two uses is refused', () => {
    const line = resolveLine('door.relay.line', 17, PI5);
    const other = resolveLine('door.rex.line', 27, PI5);
    expect(() =>
      refuseTwice(
        new Map([
          ['door.relay.line', line],
          ['door.rex.line', other],
        ]),
      ),
    ).not.toThrow();
    expect(() =>
      refuseTwice(
        new Map([
          ['door.relay.line', line],
          ['door.fire.line', line],
        ]),
      ),
    ).toThrow('door.relay.line and door.fire.line both name line 17');
  });

  test('gpiodetect: a chip with two device files counts once', () => {
    const printed =
      'gpiochip0 [pinctrl-rp1] (54 lines)\ngpiochip10 [gpio-brcmstb@107d508500] (32 lines)\ngpiochip0 [pinctrl-rp1] (54 lines)\n';
    expect(chipsOf(printed)).toEqual([chip('gpiochip0', 'pinctrl-rp1'), chip('gpiochip10', PI5[1]?.label ?? '', 32)]);
    expect(chipsOf('gpiochip9 [one] (1 line)\n')).toHaveLength(1);
  });
});

describe('the gpiod tools', () => {
  test('tell their version', () => {
    expect(versionOf('gpioset (libgpiod) v1.6.3\nCopyright')).toBe(1);
    expect(versionOf('gpioset (libgpiod) v2.2.1\nCopyright')).toBe(2);
    expect(versionOf('gpioset (libgpiod) v3.0')).toBeUndefined();
    expect(versionOf('')).toBeUndefined();
  });

  test('are told the same in the words of each version', () => {
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

  test('gpioinfo names who has a line', () => {
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
