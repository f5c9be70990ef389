import type { Config } from '../config/config.js';
import type { Clock } from '../kit/clock.js';
import { type Indicators, noIndicators } from './indicators.js';
import { type Inputs, noInputs } from './inputs.js';
import type { Lock } from './lock.js';
import { SimulatedLock } from './simulated-lock.js';

/** Everything that hangs on the door's wires. */
export interface DoorHardware {
  readonly lock: Lock;
  readonly indicators: Indicators;
  readonly inputs: Inputs;
  /** What drives the lines, in a few words. */
  readonly what: string;
  /** Who is told when the relay fails between two commands. */
  onRelayFault(listener: (why: string) => void): void;
}

export async function openHardware(_config: Config['door'], clock: Clock): Promise<DoorHardware> {
  return {
    lock: new SimulatedLock(clock),
    indicators: noIndicators,
    inputs: noInputs,
    what: 'simulated',
    onRelayFault: () => undefined,
  };
}
