import { describe, expect, test } from 'vitest';
import { type Chip, chipsOf, refuseTwice, resolveLine } from '../../../src/door/gpio/chips.js';

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
    ['a label that no chip has', { chip: 'pinctrl-rp2', offset: 1 }, PI5, 'no GPIO chip with the label "pinctrl-rp2"'],
    [
      'a label that two chips have',
      { chip: 'x', offset: 1 },
      [chip('a', 'x'), chip('b', 'x')],
      'several GPIO chips fit',
    ],
    ['a line beyond the last one of its chip', 54, PI5, 'the lines 0 to 53, but not 54'],
  ])('%s is refused, naming the key and the chips of this machine', (_what, address, chips, sentence) => {
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
