// pure
import { availabilityOf, type Component, componentsOf, deviceName } from './components.js';
import type { Options } from './options.js';

/** Home Assistant's device discovery message. No key may stand at its root that Home Assistant does not know: it rejects the device then. */
export interface DiscoveryMessage {
  readonly dev: Readonly<Record<string, unknown>>;
  readonly o: { readonly name: string; readonly sw: string };
  readonly avty: readonly unknown[];
  readonly avty_mode: 'all';
  readonly cmps: Readonly<Record<string, Component>>;
}

/** The message that shows a gate in Home Assistant, from 2025.4 on. */
export function discoveryMessage(options: Options): DiscoveryMessage {
  const { site, gate } = options.device;
  return {
    dev: {
      ids: [`kaimon-${site}/${gate}`],
      name: deviceName(options),
      mf: 'Kaimon',
      mdl: 'face-recognition gate',
      sw: options.version,
    },
    o: { name: 'Kaimon', sw: options.version },
    avty: availabilityOf(options, 'door'),
    avty_mode: 'all',
    cmps: componentsOf(options),
  };
}
