import type { Config } from '../../config/config.js';
import type { Lock } from '../lock.js';
import type { OutputLine } from './gpio.js';

type RelayConfig = Pick<Config['door'], 'lockType' | 'relay'>;

/** Level of the relay's line (true: high) that releases or locks the door. The level that locks is the safe level. */
export function relayHigh({ lockType, relay }: RelayConfig, released: boolean): boolean {
  const on = released === (lockType === 'fail-secure');
  return on !== relay.activeLow;
}

/** The lock, behind a relay on a line. */
export class GpioLock implements Lock {
  readonly #line: OutputLine;
  readonly #config: RelayConfig;

  constructor(line: OutputLine, config: RelayConfig) {
    this.#line = line;
    this.#config = config;
  }

  drive(released: boolean): void {
    this.#line.write(relayHigh(this.#config, released));
  }

  close(): void {
    this.#line.close();
  }
}
