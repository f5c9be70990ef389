import type { Config } from '../../config/config.js';
import { autoOrder, type GpioBackendName, PULL_SETTERS } from '../../config/gpio-backends.js';
import { asksForPull } from '../../config/sections/door.js';
import { OperatingError } from '../../kit/errors.js';
import { INPUT_NAMES } from '../inputs.js';
import type { Backend, Probe, ProbeParts } from './backend.js';
import { probeGpiod } from './gpiod-gpio.js';
import { probeOnoff } from './onoff-gpio.js';
import { probeSimulated } from './simulated-gpio.js';

/** How each row of the table in src/config/gpio-backends.ts is opened. */
const PROBES: Readonly<Record<GpioBackendName, Probe>> = {
  onoff: probeOnoff,
  gpiod: probeGpiod,
  simulated: probeSimulated,
};

/**
 * Opens the configured back end; for `auto`, the first that works here and can set the pulls that are configured.
 * @throws OperatingError KAIMON_GPIO_BACKEND with what is missing for each back end that was tried
 */
export async function chooseBackend(config: Config['door'], parts: Omit<ProbeParts, 'config'>): Promise<Backend> {
  const needsPulls = INPUT_NAMES.some((name) => config[name].line !== null && asksForPull(config[name]));
  const { backend } = config.gpio;
  const order = backend === 'auto' ? autoOrder(needsPulls) : [backend];
  const missing: string[] = [];
  for (const name of order) {
    const probed = await PROBES[name]({ ...parts, config: config.gpio });
    if (typeof probed !== 'string') return probed;
    missing.push(`${name}: ${probed}`);
  }
  const pull = backend === 'auto' && needsPulls ? ` (a pull needs ${PULL_SETTERS})` : '';
  const message = `no GPIO back end can be used here${pull}: ${missing.join('; ')}`;
  throw new OperatingError('KAIMON_GPIO_BACKEND', message);
}
