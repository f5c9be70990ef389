// pure
import { OperatingError } from '../../kit/errors.js';
import type { GpioLine } from './gpio.js';

/** A GPIO chip of this machine. */
export interface Chip {
  readonly name: string;
  readonly label: string;
  /** How many lines it has. */
  readonly lines: number;
  /** Number of its first line under sysfs; null where this machine has no sysfs for GPIO. */
  readonly base: number | null;
}

/** A line as it is configured: by BCM number, or by chip label and offset. */
export type Address = number | { readonly chip: string; readonly offset: number };

/** The chips whose offsets are BCM numbers. */
const RASPBERRY_LABELS = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'];

/** Reads what both versions of gpiodetect print, `gpiochip0 [pinctrl-rp1] (54 lines)`; a chip with two device files is listed twice. */
export function chipsOf(gpiodetect: string): Chip[] {
  const found = [...gpiodetect.matchAll(/^(gpiochip\d+) \[(.*)\] \((\d+) lines?\)$/gm)];
  const chips = found.map(([, name = '', label = '', lines]) => ({ name, label, lines: Number(lines), base: null }));
  return chips.filter(({ name }, i) => chips.findIndex((other) => other.name === name) === i);
}

/**
 * Finds a configured line. Numbers of chips change with the kernel, so a chip is found by its label only.
 * @param key where the line is configured, `door.relay.line`
 * @throws OperatingError KAIMON_GPIO_LINE when no chip fits, or several do
 */
export function resolveLine(key: string, address: Address, chips: readonly Chip[]): GpioLine {
  const byNumber = typeof address === 'number';
  const wanted = byNumber ? RASPBERRY_LABELS : [address.chip];
  const offset = byNumber ? address : address.offset;
  const fit = chips.filter(({ label }) => wanted.includes(label));
  const list = chips.map(({ name, label, lines }) => `"${label}" (${name}, ${lines} lines)`).join(', ') || 'none';
  const wrong = (what: string) => new OperatingError('KAIMON_GPIO_LINE', `${key}: ${what}`);
  const [chip, second] = fit;
  if (!chip) {
    if (!byNumber) throw wrong(`this machine has no GPIO chip with the label "${address.chip}"; it has: ${list}`);
    throw wrong(
      `BCM numbers need a Raspberry Pi's GPIO chip (${wanted.join(', ')}); this machine has: ${list}. Write {chip: LABEL, offset: N}`,
    );
  }
  if (second)
    throw wrong(`several GPIO chips fit: ${list}. Write {chip: LABEL, offset: N} with a label that only one has`);
  if (offset >= chip.lines)
    throw wrong(`the chip "${chip.label}" has the lines 0 to ${chip.lines - 1}, but not ${offset}`);
  return { chip: chip.name, label: chip.label, offset, number: chip.base === null ? null : chip.base + offset };
}

/** @throws OperatingError KAIMON_GPIO_LINE when two keys name one line */
export function refuseTwice(lines: ReadonlyMap<string, GpioLine>): void {
  const seen = new Map<string, string>();
  for (const [key, { chip, label, offset }] of lines) {
    const id = `${chip} ${offset}`;
    const other = seen.get(id);
    if (other !== undefined) {
      const message = `${other} and ${key} both name line ${offset} of "${label}": each needs its own`;
      throw new OperatingError('KAIMON_GPIO_LINE', message);
    }
    seen.set(id, key);
  }
}
