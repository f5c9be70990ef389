import { randomBytes } from 'node:crypto';
import type { Opening } from '../config/opening.js';
import { machineFiles } from '../host/machine/machine-files.js';
import { machineId } from '../host/machine/machine-id.js';
import type { JournalWriter } from '../journal/writer.js';
import { openCursorFile } from './events/cursor-file.js';
import { KeptEvents } from './events/kept-events.js';
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
 * @param journal where events are read from that stand in it @returns undefined where no broker is configured @throws OperatingError KAIMON_MQTT_CONFIG
 */
export async function openUplink(
  opening: Opening,
  journal: Pick<JournalWriter, 'reader'>,
): Promise<Uplink | undefined> {
  const { config, clock, log, endings } = opening;
  const { enabled, clientId, username, passwordFile, caFile, certFile, keyFile, ...rest } = config.mqtt;
  if (!enabled) return undefined;
  const names = { site: config.site, gate: config.gate };
  const optional = { clientId, username, passwordFile, caFile, certFile, keyFile };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null));
  const { reader } = journal;
  const { gate } = names;
  const kept = reader && new KeptEvents({ gate, reader, file: await openCursorFile(opening), clock, log });
  const boot = randomBytes(4).toString('hex');
  const instance = { machine: await machineId(machineFiles, opening.paths.state), boot };
  const outbox = new Outbox({ gate, boot, clock, log, kept });
  const will = offlineWill(names);
  const link = await endings.open(
    'the broker',
    () => new MqttLink({ config: { ...rest, ...given }, names, will, clock, log }),
    (opened) => leaveSite({ link: opened, outbox, names, clock }),
  );
  return { link, outbox, names, instance };
}

/** The erasing of the journal, which reaches the events that wait as well. */
export const erasingEvents = (
  journal: Pick<JournalWriter, 'erase' | 'reader'>,
  uplink: Pick<Uplink, 'outbox'> | undefined,
): Pick<JournalWriter, 'erase' | 'reader'> => ({
  reader: journal.reader,
  erase: async (person) => {
    uplink?.outbox.forget(person);
    try {
      return await journal.erase(person);
    } finally {
      // What was read from the journal meanwhile may still name the person.
      uplink?.outbox.forget(person);
    }
  },
});
