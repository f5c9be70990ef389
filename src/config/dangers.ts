import { statSync } from 'node:fs';
import { messageOf } from '../kit/errors.js';
import type { Log } from '../kit/log.js';
import { brokerDangers } from './broker/broker-dangers.js';
import { type Config, defaultConfig } from './config.js';
import type { Environment } from './environment.js';
import { isForeignCredential, secretPath } from './secret.js';
import { isLoopback } from './sections/metrics.js';

/** What of the configuration is read here. */
export type DangerousConfig = Pick<
  Config,
  | 'site'
  | 'gate'
  | 'liveness'
  | 'access'
  | 'door'
  | 'mqtt'
  | 'homeAssistant'
  | 'keys'
  | 'journal'
  | 'metrics'
  | 'storage'
>;

/** The name of a gate that nobody has named. */
const UNNAMED = defaultConfig.gate;

/**
 * Settings that are allowed and take from what protects the door, each as a sentence. They make no gate `degraded`: it does what it was
 * told, and that must not be overlooked.
 */
export function dangersOf(config: DangerousConfig, env: Environment): readonly string[] {
  const { site, gate, liveness, access, door, mqtt, homeAssistant, metrics, keys } = config;
  const opening = homeAssistant.commands.filter((command) => command !== 'lock');
  const simulated = door.kind === 'simulated' || door.gpio.backend === 'simulated';
  return [
    ...(liveness.enabled
      ? []
      : ['liveness-off: a photo of an enrolled person opens this door (liveness.enabled: false)']),
    ...(access.clock === 'unchecked'
      ? [
          'clock-unchecked: a wrong clock is believed, so hours, dates and old requests may count that must not (access.clock: unchecked)',
        ]
      : []),
    ...(simulated && gate !== UNNAMED
      ? [`door-simulated: the gate "${gate}" drives no lock: its door is simulated (door.kind, door.gpio.backend)`]
      : []),
    ...(metrics.enabled && !isLoopback(metrics.host)
      ? [
          `metrics-open: whoever reaches ${metrics.host}:${metrics.port} learns without a password when people come and what is wrong here (metrics.host)`,
        ]
      : []),
    ...brokerDangers(config.mqtt),
    ...(mqtt.enabled && keys.siteKeys.length === 0
      ? [
          'unsigned: whoever may publish at the broker can open this door and enrol people, for nothing is signed (keys.siteKeys, docs/keys.md)',
        ]
      : []),
    ...(mqtt.enabled && homeAssistant.enabled && opening.length > 0
      ? [
          `unsigned-commands: whoever may publish on kaimon/${site}/gates/${gate}/home-assistant/command opens this door: give that right to Home Assistant alone (homeAssistant.commands: ${opening.join(', ')})`,
        ]
      : []),
    ...readableSecrets(config, env),
  ];
}

function readableSecrets({ mqtt, keys, journal, storage }: DangerousConfig, env: Environment): readonly string[] {
  const secrets = [
    ['mqtt.passwordFile', mqtt.enabled ? mqtt.passwordFile : null],
    ['mqtt.keyFile', mqtt.enabled ? mqtt.keyFile : null],
    ['keys.ownKeyFile', mqtt.enabled ? keys.ownKeyFile : null],
    ['keys.sealKeyFile', mqtt.enabled ? keys.sealKeyFile : null],
    ['journal.keyFile', journal.enabled ? journal.keyFile : null],
    ['storage.sealKeyFile', storage.sealKeyFile],
  ] as const;
  return secrets.flatMap(([key, file]) => {
    // What only the service can read, only the service can judge.
    if (file === null || isForeignCredential(file, env)) return [];
    const path = secretPath(file, env);
    try {
      const { mode } = statSync(path);
      return (mode & 0o006) === 0
        ? []
        : [
            `secret-open: every user of this machine can read or change ${path} (${key}): chmod o= ${path}, and take a new secret`,
          ];
    } catch (thrown) {
      return [`secret-missing: ${path} (${key}) cannot be looked at: ${messageOf(thrown)}`];
    }
  });
}

/** Logs each danger at the start. @returns them, for the state */
export function warnOfDangers(config: DangerousConfig, env: Environment, log: Pick<Log, 'warn'>): readonly string[] {
  const dangers = dangersOf(config, env);
  for (const danger of dangers) log.warn({ danger: danger.split(':')[0] }, danger);
  return dangers;
}
