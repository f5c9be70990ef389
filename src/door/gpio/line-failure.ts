import { GPIO_BACKENDS, type GpioBackendName, PULL_SETTERS } from '../../config/gpio-backends.js';
import { OperatingError } from '../../kit/errors.js';
import type { GpioLine, Pull } from './gpio.js';

/** The error for one line that cannot be opened or used; its message names chip and line. */
export function lineFailure(
  code: 'KAIMON_GPIO_BUSY' | 'KAIMON_GPIO_IO' | 'KAIMON_GPIO_LINE' | 'KAIMON_GPIO_BACKEND',
  { label, offset }: GpioLine,
  what: string,
  cause?: unknown,
): OperatingError {
  return new OperatingError(code, `line ${offset} of the GPIO chip "${label}": ${what}`, { cause });
}

/**
 * A back end that cannot set pulls calls this before it opens an input: an open wire without its pull reads at random.
 * @throws OperatingError KAIMON_GPIO_BACKEND where a pull is asked for and the table of back ends says that it cannot be set
 */
export function refuseUnsettablePull(name: GpioBackendName, line: GpioLine, pull: Pull): void {
  const { setsPulls, through } = GPIO_BACKENDS[name];
  if (setsPulls || pull === 'as-is') return;
  const what = `${through ?? name} cannot set a pull: use the ${PULL_SETTERS} back end`;
  throw lineFailure('KAIMON_GPIO_BACKEND', line, what);
}
