// pure
import type { Config } from '../../config/config.js';
import type { InputName } from '../inputs.js';
import type { Pull } from './gpio.js';

/** What a cut wire must look like: a button that nobody presses; otherwise what somebody must look at, and in doubt a fire. */
const CUT_MEANS_ACTIVE: Readonly<Record<InputName, boolean>> = { contact: true, rex: false, tamper: true, fire: true };

/**
 * The resistor for an input. `safe` is the one that makes a cut wire safe, where the back end can set one; elsewhere the board must have it.
 */
export function pullOf(
  name: InputName,
  { activeLevel, pull }: Pick<Config['door'][InputName], 'activeLevel' | 'pull'>,
  setsPulls: boolean,
): Pull {
  if (pull !== 'safe') return pull;
  if (!setsPulls) return 'as-is';
  return (activeLevel === 'high') === CUT_MEANS_ACTIVE[name] ? 'up' : 'down';
}
