import type { Config } from '../../config/config.js';
import type { Lock } from '../lock.js';
import type { OutputLine, Rest } from './gpio.js';

type RelayConfig = Pick<Config['door'], 'lockType' | 'relay'>;

/** Level of the relay's line (true: high) that releases or locks the door. The level that locks is the idle level. */
export function relayHigh({ lockType, relay }: RelayConfig, released: boolean): boolean {
  const on = released === (lockType === 'fail-secure');
  return on !== relay.activeLow;
}

/**
 * How the relay's line is left. Locked, the board's resistor may have it; released, in a fire, it must be driven on: the resistor would lock.
 */
export const restOf = (config: RelayConfig, released: boolean): Rest => ({
  high: relayHigh(config, released),
  held: released,
});

/** The lock, behind a relay on a line. */
export class GpioLock implements Lock {
  readonly #line: OutputLine;
  readonly #config: RelayConfig;
  readonly #record: (released: boolean) => void;

  /** @param record notes for systemd/safe-state.sh what the door must be left at */
  constructor(line: OutputLine, config: RelayConfig, record: (released: boolean) => void) {
    this.#line = line;
    this.#config = config;
    this.#record = record;
  }

  drive(released: boolean): void {
    this.#line.write(relayHigh(this.#config, released));
  }

  leaveAt(released: boolean): void {
    try {
      this.#line.leaveAt(restOf(this.#config, released));
    } finally {
      // The more so where the line cannot do it: then safe-state.sh must.
      this.#record(released);
    }
  }

  close(): void {
    this.#line.close();
  }
}
