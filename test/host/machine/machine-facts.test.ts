import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readMachine } from '../../../src/host/machine/machine-facts.js';
import { deviceName, machineFiles } from '../../../src/host/machine/machine-files.js';
import { simulatedMachine } from './simulated-machine.js';

const MMC = '/sys/devices/platform/emmc2bus/mmc0/mmc0:0001/block/mmcblk0';
const ZONE = '/sys/class/thermal/thermal_zone0';
const BOARD = {
  '/proc/device-tree/model': 'Raspberry Pi 4 Model B Rev 1.4',
  '/proc/meminfo': 'MemTotal:        3884344 kB\nMemFree:  1 kB\nMemAvailable:    3000000 kB\n',
  [`${ZONE}/type`]: 'cpu-thermal',
  [`${ZONE}/temp`]: '61835',
  [`${ZONE}/trip_point_0_type`]: 'critical',
  [`${ZONE}/trip_point_0_temp`]: '110000',
  [`${ZONE}/trip_point_1_type`]: 'passive',
  [`${ZONE}/trip_point_1_temp`]: '80000',
  '/sys/class/thermal/cooling_device0/cur_state': '0',
  '/sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled': '50005',
  [`${MMC}/device/life_time`]: '0x03 0x01',
  [`${MMC}/device/pre_eol_info`]: '0x01',
};

describe('a machine', () => {
  test('tells of model, memory, heat, throttling, and of the wear of the disk that a partition lies on', async () => {
    const disk = { freeBytes: 1, totalBytes: 2, device: '179:2' };
    const links = { '/sys/dev/block/179:2': `${MMC}/mmcblk0p2` };
    expect(await readMachine(simulatedMachine(BOARD, { links, disk }), '/var/lib/kaimon')).toEqual({
      model: 'Raspberry Pi 4 Model B Rev 1.4',
      memory: { totalBytes: 3884344 * 1024, availableBytes: 3000000 * 1024 },
      zones: [{ name: 'cpu-thermal', celsius: 61.835, slowsAt: 80, endsAt: 110 }],
      throttling: { now: ['under-voltage', 'throttled'], sinceStart: ['under-voltage', 'throttled'] },
      disk,
      wear: { usedPercent: 30, spares: 'normal' },
    });
  });

  test('that tells nothing is no failure', async () => {
    expect(await readMachine(simulatedMachine({}), '/')).toEqual({
      model: undefined,
      memory: undefined,
      zones: [],
      throttling: undefined,
      disk: undefined,
      wear: undefined,
    });
  });
});

describe('the files of this machine', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaimon-machine-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are read without what ends a text of the device tree, and only their beginning', async () => {
    writeFileSync(join(folder, 'model'), 'A board\0');
    writeFileSync(join(folder, 'long'), 'x'.repeat(10_000));
    expect(await machineFiles.text(join(folder, 'model'))).toBe('A board');
    expect(await machineFiles.text(join(folder, 'long'))).toHaveLength(4096);
    expect(await machineFiles.text(join(folder, 'absent'))).toBeUndefined();
    expect(await machineFiles.text(folder)).toBeUndefined();
  });

  test('are found through links, and listed', async () => {
    writeFileSync(join(folder, 'a'), '');
    symlinkSync(join(folder, 'a'), join(folder, 'b'));
    expect(await machineFiles.realPath(join(folder, 'b'))).toBe(join(folder, 'a'));
    expect((await machineFiles.names(folder)).toSorted()).toEqual(['a', 'b']);
    expect(await machineFiles.names(join(folder, 'absent'))).toEqual([]);
  });

  test('lie on a disk with room and a number', async () => {
    const found = await machineFiles.fileSystem(folder);
    expect(found?.totalBytes).toBeGreaterThan(found?.freeBytes ?? Number.NaN);
    expect(found?.device).toBe(deviceName(statSync(folder, { bigint: true }).dev));
  });

  test.each([
    [0xb302n, '179:2'],
    [0x2fn, '0:47'],
    [0x100000n, '0:256'],
    [0x1_0000_0000_0000n, '65536:0'],
  ])('have the device %s as %s', (dev, name) => expect(deviceName(dev)).toBe(name));
});
