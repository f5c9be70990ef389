import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.js';
import { silentLog } from '../../kit/log.js';
import { systemClock } from '../../kit/system-clock.js';
import { MqttLink } from '../../site/link/mqtt-link.js';

const LOOK_MS = 50;

/** The part of the configuration that says how to reach the broker. */
export type BrokerConfig = Pick<Config, 'site' | 'gate' | 'mqtt'>;

/** A command's client of the broker under an id of its own, without a will, not yet started. @throws OperatingError KAIMON_MQTT_CONFIG */
export function clientOf({ site, gate, mqtt }: BrokerConfig, what: 'doctor' | 'fleet' = 'doctor'): MqttLink {
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = mqtt;
  const optional = { username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  return new MqttLink({
    config: { ...rest, ...given, clientId: `kaimon-${what}-${randomBytes(4).toString('hex')}` },
    names: { site, gate },
    clock: systemClock,
    log: silentLog,
  });
}

/** Starts the client. @returns why it is not connected, within the time there is */
export async function connected(link: MqttLink, answerMs: number): Promise<string | undefined> {
  link.start();
  for (const end = systemClock.monotonic() + answerMs; ; ) {
    if (link.up) return undefined;
    if (link.trouble !== undefined) return link.trouble;
    if (systemClock.monotonic() >= end) return `no answer within ${answerMs / 1000} s`;
    await new Promise<void>((resolve) => void systemClock.after(LOOK_MS, resolve));
  }
}
