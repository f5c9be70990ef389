import type { IClientOptions } from 'mqtt';
import type { Environment } from '../../config/environment.js';
import { readPassword, readSecret } from '../../config/secret.js';
import { OperatingError } from '../../kit/errors.js';
import { PACKET_MAX } from '../messages.js';
import type { Names } from '../topics.js';
import type { LinkConfig, Will } from './link.js';

/** A broker that does not answer the connect packet within this time counts as away. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Options of mqtt.js for one connection. Files are read each time, so that a renewed certificate or password is taken
 * at the next connect.
 * @param env names the folder of systemd's credentials
 * @throws OperatingError KAIMON_SECRET, KAIMON_MQTT_CONFIG
 */
export function mqttOptions(
  config: LinkConfig,
  names: Names,
  version: 4 | 5,
  will: Will | undefined,
  env: Environment = process.env,
): IClientOptions {
  const url = brokerUrl(config.url);
  return {
    protocolVersion: version,
    protocolId: 'MQTT',
    // Always the same id: the broker then closes a half-open earlier connection (and sends its will) before it greets
    // this one. With a new id each time that will would arrive minutes later and say "offline" about a gate that is up.
    clientId: config.clientId ?? `kaimon-${names.site}-${names.gate}`,
    clean: true,
    keepalive: config.keepaliveSeconds,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // The link makes its own pauses and keeps its own queue; mqtt.js serves one connection.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    ...(will ? { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } } : {}),
    ...(version === 5 ? { properties: { sessionExpiryInterval: 0, maximumPacketSize: PACKET_MAX } } : {}),
    ...credentials(config, env),
    ...(url.protocol === 'mqtts:' ? tls(config, url, env) : {}),
  };
}

/** The broker's address. @throws OperatingError KAIMON_MQTT_CONFIG if it is not one, or holds a user or password */
export function brokerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const wrong = (what: string) =>
    new OperatingError('KAIMON_MQTT_CONFIG', `mqtt.url ${what}: give mqtt://host:1883 or mqtts://host:8883`);
  if (!url || (url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') || url.hostname === '') {
    // Not printed: it may hold a password.
    throw wrong('is not the address of a broker');
  }
  if (url.username !== '' || url.password !== '') {
    throw wrong('holds a user or password; they belong in mqtt.username and mqtt.passwordFile');
  }
  return url;
}

function credentials({ username, passwordFile }: LinkConfig, env: Environment): IClientOptions {
  if (username === undefined) return {};
  if (passwordFile === undefined) return { username };
  return { username, password: readPassword(passwordFile, 'mqtt.passwordFile', env) };
}

function tls(config: LinkConfig, url: URL, env: Environment): IClientOptions {
  if ((config.certFile === undefined) !== (config.keyFile === undefined)) {
    throw new OperatingError('KAIMON_MQTT_CONFIG', 'mqtt.certFile and mqtt.keyFile must be given together');
  }
  const ip = /^[\d.]+$|^\[/.test(url.hostname);
  return {
    rejectUnauthorized: true,
    ...(ip ? {} : { servername: url.hostname }),
    ...(config.caFile === undefined ? {} : { ca: readSecret(config.caFile, 'mqtt.caFile', env) }),
    ...(config.certFile === undefined ? {} : { cert: readSecret(config.certFile, 'mqtt.certFile', env) }),
    ...(config.keyFile === undefined ? {} : { key: readSecret(config.keyFile, 'mqtt.keyFile', env) }),
  };
}
