import { randomBytes } from 'node:crypto';
import type { Opening } from '../config/opening.js';
import { machineFiles } from '../host/machine/machine-files.js';
import { machineId } from '../host/machine/machine-id.js';
import { leaveSite, offlineWill } from './leave-site.js';
import type { Link } from './link/link.js';
import { MqttLink } from './link/mqtt-link.js';
import type { Instance } from './messages.js';
import { Outbox } from './outbox.js';
import type { Names } from './topics.js';

/** The gate's connection to its site: the link to the broker, not yet started, and the events that wait for it. */
export interface Uplink {
  readonly link: Link;
  readonly outbox: Outbox;
  readonly names: Names;
  /** This machine, and this run of the daemon. */
  readonly instance: Pick<Instance, 'machine' | 'boot'>;
}

/**
 * Opens the connection to the broker; when it is closed the last events are delivered and the gate says goodbye.
 * @returns undefined where no broker is configured @throws OperatingError KAIMON_MQTT_CONFIG
 */
export async function openUplink({ config, paths, clock, log, endings }: Opening): Promise<Uplink | undefined> {
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = config.mqtt;
  if (!enabled) return undefined;
  const names = { site: config.site, gate: config.gate };
  const optional = { clientId, username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const boot = randomBytes(4).toString('hex');
  const instance = { machine: await machineId(machineFiles, paths.state), boot };
  const outbox = new Outbox({ gate: names.gate, boot, clock, log });
  const will = offlineWill(names);
  const link = await endings.open(
    'the broker',
    () => new MqttLink({ config: { ...rest, ...given }, names, will, clock, log }),
    (opened) => leaveSite({ link: opened, outbox, names, clock }),
  );
  return { link, outbox, names, instance };
}
