import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { MachineFiles } from './machine-files.js';

/** A Pi and a Jetson have a number of their own; a copied card has not. */
const SERIAL = '/sys/firmware/devicetree/base/serial-number';
const CARDS = '/sys/class/net';
/** A machine has a handful. */
const CARDS_MAX = 32;

/**
 * An id of this machine and of the state folder on it, the same after each start. Two machines with copies of one card have different ones, by
 * their boards' numbers and network cards. It is a hash: neither number can be read from it.
 */
export async function machineId(files: MachineFiles, state: string): Promise<string> {
  const addresses: (string | undefined)[] = [];
  for (const name of [...(await files.names(CARDS))].sort().slice(0, CARDS_MAX)) {
    // Only of what is a card: addresses of bridges and containers are made anew at each start.
    const isCard = (await files.realPath(`${CARDS}/${name}/device`)) !== undefined;
    if (isCard) addresses.push(await files.text(`${CARDS}/${name}/address`));
  }
  const facts = [
    await files.text('/etc/machine-id'),
    await files.text(SERIAL),
    ...addresses,
    hostname(),
    await files.realPath(state),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}
