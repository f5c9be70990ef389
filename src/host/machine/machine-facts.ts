import { dirname } from 'node:path';
import type { FileSystem, MachineFiles } from './machine-files.js';
import {
  type Memory,
  memoryOf,
  type Throttling,
  throttlingOf,
  type Wear,
  wearOf,
  type Zone,
  zoneOf,
} from './readings.js';

/** What the machine tells of itself; undefined or empty: this one does not tell. */
export interface MachineFacts {
  readonly model: string | undefined;
  readonly memory: Memory | undefined;
  readonly zones: readonly Zone[];
  readonly throttling: Throttling | undefined;
  /** Of the disk that holds the state folder. */
  readonly disk: FileSystem | undefined;
  readonly wear: Wear | undefined;
}

/** A board has a handful. */
const ZONES_MAX = 32;
const FIRMWARE = '/sys/bus/platform/drivers/raspberrypi-firmware';

/** Reads the machine. @param folder on the disk that is asked for: the state folder, or one above it */
export async function readMachine(files: MachineFiles, folder: string): Promise<MachineFacts> {
  const disk = await files.fileSystem(folder);
  const [model, meminfo, zones, throttled, wear] = await Promise.all([
    files.text('/proc/device-tree/model'),
    files.text('/proc/meminfo'),
    readZones(files),
    readThrottled(files),
    disk === undefined ? undefined : readWear(files, disk.device),
  ]);
  return { model, memory: memoryOf(meminfo), zones, throttling: throttlingOf(throttled), disk, wear };
}

async function readZones(files: MachineFiles): Promise<readonly Zone[]> {
  const root = '/sys/class/thermal';
  const names = (await files.names(root)).filter((name) => /^thermal_zone\d+$/.test(name)).slice(0, ZONES_MAX);
  const zones = await Promise.all(
    names.map(async (name) => {
      const inside = await files.names(`${root}/${name}`);
      const read = (file: string) => files.text(`${root}/${name}/${file}`);
      const points = inside.flatMap((file) => /^trip_point_(\d+)_type$/.exec(file)?.[1] ?? []);
      const trips = await Promise.all(
        points.map(async (n) => ({
          type: await read(`trip_point_${n}_type`),
          temp: await read(`trip_point_${n}_temp`),
        })),
      );
      return zoneOf({ name, type: await read('type'), temp: await read('temp'), trips });
    }),
  );
  return zones.flatMap((zone) => zone ?? []);
}

/** A Raspberry Pi's firmware; where its device stands in the tree differs from model to model. */
async function readThrottled(files: MachineFiles): Promise<string | undefined> {
  for (const name of await files.names(FIRMWARE)) {
    const text = await files.text(`${FIRMWARE}/${name}/get_throttled`);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Flash of the kind eMMC tells how much of its life is used; a partition stands below its disk. */
async function readWear(files: MachineFiles, device: string): Promise<Wear | undefined> {
  const place = await files.realPath(`/sys/dev/block/${device}`);
  if (place === undefined) return undefined;
  for (const disk of [place, dirname(place)]) {
    const lifeTime = await files.text(`${disk}/device/life_time`);
    if (lifeTime !== undefined) return wearOf(lifeTime, await files.text(`${disk}/device/pre_eol_info`));
  }
  return undefined;
}
