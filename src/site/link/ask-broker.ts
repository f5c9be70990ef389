import type { MqttClient } from 'mqtt';
import type { Clock } from '../../kit/clock.js';
import type { OperatingError } from '../../kit/errors.js';
import type { Link } from './link.js';
import { PUBLISH_TIMEOUT_MS } from './link.js';
import { failure } from './pending-publishes.js';
import { reasonText } from './reason-codes.js';

/** Asks the broker something, and is told when it has answered, with an error where it refuses. */
export type Question = (client: MqttClient, done: (error?: Error) => void) => void;

export interface AskedBroker {
  /** Undefined while the broker is away. */
  readonly client: MqttClient | undefined;
  readonly clock: Clock;
  readonly onDown: Link['onDown'];
}

/** Resolves when the broker has agreed. @param what for the error @throws OperatingError KAIMON_MQTT_DOWN, KAIMON_MQTT_TIMEOUT, KAIMON_MQTT_REFUSED */
export function askBroker({ client, clock, onDown }: AskedBroker, what: string, ask: Question): Promise<void> {
  if (!client) return Promise.reject(failure('KAIMON_MQTT_DOWN', `cannot ${what}: the broker is away`));
  return new Promise((resolve, reject) => {
    const settle = (reason?: OperatingError) => {
      timer.cancel();
      unlisten();
      if (reason) reject(reason);
      else resolve();
    };
    const timer = clock.after(PUBLISH_TIMEOUT_MS, () =>
      settle(failure('KAIMON_MQTT_TIMEOUT', `no answer to: ${what}`)),
    );
    const unlisten = onDown(() => settle(failure('KAIMON_MQTT_DOWN', `lost the broker during: ${what}`)));
    ask(client, (error) => settle(error && failure('KAIMON_MQTT_REFUSED', `the broker refused: ${what}`, error)));
  });
}

/** Why a subscription was denied. */
export const deniedText = ({ topic, qos }: { readonly topic: string; readonly qos: number }): string =>
  `it denies ${topic}: ${reasonText(qos) ?? "let this gate's user name read it in the broker's access list"}`;
