import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.js';
import type { Clock } from '../../kit/clock.js';
import { explain, OperatingError } from '../../kit/errors.js';
import type { Log } from '../../kit/log.js';
import { INPUT_NAMES } from '../inputs.js';
import type { Chip } from './chips.js';
import type { Gpio } from './gpio.js';
import { GpiodGpio, toolsVersion } from './gpiod-gpio.js';
import { OnoffGpio, SYSFS, sysfsChips } from './onoff-gpio.js';
import { SimulatedGpio } from './simulated-gpio.js';
import { obeyParent } from './wire-control.js';

/** How lines are driven here, and the chips that are seen that way. */
export interface Backend {
  readonly name: string;
  readonly gpio: Gpio;
  readonly chips: readonly Chip[];
}

/** A back end, or why it cannot be used here. */
type Offer = Backend | string;

/**
 * Takes the configured back end, or the first that this machine has: onoff, unless a pull is asked for, then gpiod.
 * @throws OperatingError KAIMON_GPIO_BACKEND with what is missing for each
 */
export async function chooseBackend(config: Config['door'], clock: Clock, log: Pick<Log, 'warn'>): Promise<Backend> {
  const offers: Readonly<Record<'onoff' | 'gpiod' | 'simulated', () => Promise<Offer>>> = {
    onoff: () => onoff(clock),
    gpiod: () => gpiod(clock),
    simulated: async () => {
      const gpio = new SimulatedGpio();
      if (config.gpio.simulatedWires === 'parent') obeyParent(gpio, process, log);
      return { name: 'simulated', gpio, chips: gpio.chips() };
    },
  };
  const pulled = INPUT_NAMES.some((name) => config[name].line !== null && config[name].pull !== 'as-is');
  const { backend } = config.gpio;
  const order = backend !== 'auto' ? [backend] : pulled ? (['gpiod'] as const) : (['onoff', 'gpiod'] as const);
  const refused: string[] = [];
  for (const name of order) {
    const offer = await offers[name]();
    if (typeof offer !== 'string') return offer;
    refused.push(`${name}: ${offer}`);
  }
  const pull = backend === 'auto' && pulled ? ' (a pull needs gpiod)' : '';
  const message = `no GPIO back end can be used here${pull}: ${refused.join('; ')}`;
  throw new OperatingError('KAIMON_GPIO_BACKEND', 'environment', message);
}

async function onoff(clock: Clock): Promise<Offer> {
  try {
    accessSync(join(SYSFS, 'export'), constants.W_OK);
  } catch (thrown) {
    return `${SYSFS} is not there or not for this user (${explain(thrown)}); newer kernels leave it out`;
  }
  try {
    const { Gpio: Line } = await import('onoff');
    return { name: 'onoff', gpio: new OnoffGpio(Line, clock), chips: sysfsChips() };
  } catch (thrown) {
    return `the npm package onoff cannot be loaded (scripts/setup compiles it): ${explain(thrown)}`;
  }
}

async function gpiod(clock: Clock): Promise<Offer> {
  const version = toolsVersion();
  if (version === undefined) return 'gpioset and gpiomon are not installed: apt-get install gpiod';
  try {
    const gpio = new GpiodGpio(version, clock);
    return { name: `gpiod ${version}`, gpio, chips: gpio.chips() };
  } catch (thrown) {
    return explain(thrown);
  }
}
