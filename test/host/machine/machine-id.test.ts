import { expect, test } from 'vitest';
import type { MachineFiles } from '../../../src/host/machine/machine-files.js';
import { machineId } from '../../../src/host/machine/machine-id.js';

const MAC = '/sys/class/net/eth0/address';
const CARD = '/sys/class/net/eth0/device';
const SERIAL = '/sys/firmware/devicetree/base/serial-number';
const texts = { '/etc/machine-id': 'copied', [SERIAL]: '100', [MAC]: '02:00:00:00:00:01' };

/** @param cards what is there under /sys/class/net */
const files = (changes: Readonly<Record<string, string | undefined>> = {}, cards = ['lo', 'eth0']): MachineFiles => {
  const all: Readonly<Record<string, string | undefined>> = { ...texts, ...changes };
  return {
    text: async (path) => all[path],
    names: async () => cards,
    realPath: async (path) => (path === CARD || path.startsWith('/var') ? path : undefined),
    fileSystem: async () => undefined,
  };
};

test('a machine has the same id each time, and a copy of its card in another machine another', async () => {
  const id = await machineId(files(), '/var/lib/kaimon');
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await machineId(files(), '/var/lib/kaimon')).toBe(id);
  for (const other of [{ [SERIAL]: '200' }, { [MAC]: '02:00:00:00:00:02' }, { '/etc/machine-id': 'own' }])
    expect(await machineId(files(other), '/var/lib/kaimon')).not.toBe(id);
});

test('two gates on one machine have two', async () => {
  expect(await machineId(files(), '/var/lib/kaimon/in')).not.toBe(await machineId(files(), '/var/lib/kaimon/out'));
});

test('addresses that are made up at each start say nothing, and a machine without any of it has an id all the same', async () => {
  const id = await machineId(files(), '/var/lib/kaimon');
  const bridge = files({ '/sys/class/net/docker0/address': '02:00:00:00:00:09' }, ['docker0', 'lo', 'eth0']);
  // The bridge is not a card; its name is not looked at either.
  expect(await machineId(bridge, '/var/lib/kaimon')).toBe(id);
  const bare = files({ '/etc/machine-id': undefined, [SERIAL]: undefined, [MAC]: undefined }, []);
  expect(await machineId(bare, '/var/lib/kaimon')).toMatch(/^[0-9a-f]{16}$/);
});
