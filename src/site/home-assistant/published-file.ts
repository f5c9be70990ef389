import { z } from 'zod';
import type { DocumentFormat } from '../../kit/files/format.js';
import { openStateFile, type StateFileSurroundings } from '../../kit/files/open-state-file.js';
import { nameSchema } from '../topics.js';
import { type Device, sameDevice } from './topics.js';

/** Devices that were published and not cleared: of a gate that is renamed again and again while its broker is away, the newest. */
export const DEVICES_MAX = 16;

/** The formats of home-assistant.json. */
export const PUBLISHED_FORMAT: DocumentFormat = { name: "Home Assistant's devices", key: 'schema', steps: [] };

/** What it holds. */
export const publishedSchema = z.strictObject({
  schema: z.literal(1),
  devices: z
    .array(z.strictObject({ prefix: z.string().min(1).max(260), site: nameSchema, gate: nameSchema }))
    .max(DEVICES_MAX),
});

/** What of this gate may stand in Home Assistant, also from runs before this one. */
export interface Published {
  readonly devices: readonly Device[];
  /** This one is published from now on. */
  add(device: Device): void;
  /** The broker has taken it out. */
  remove(device: Device): void;
}

/** In memory alone. */
export class PublishedDevices implements Published {
  #devices: readonly Device[];
  readonly #keep: () => void;

  /** @param keep called whenever they have changed */
  constructor(devices: readonly Device[], keep: () => void) {
    this.#devices = devices;
    this.#keep = keep;
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  add(device: Device): void {
    if (this.#devices.some((other) => sameDevice(other, device))) return;
    this.#devices = [...this.#devices, device].slice(-DEVICES_MAX);
    this.#keep();
  }

  remove(device: Device): void {
    this.#devices = this.#devices.filter((other) => !sameDevice(other, device));
    this.#keep();
  }
}

/** The devices from before the restart, in `home-assistant.json` of the state folder. */
export async function openPublished(surroundings: StateFileSurroundings): Promise<Published> {
  const file = await openStateFile<z.infer<typeof publishedSchema>>(surroundings, {
    file: 'home-assistant.json',
    name: PUBLISHED_FORMAT.name,
    lost: 'what this gate showed in Home Assistant under another name is not taken out by itself',
    schema: publishedSchema,
    format: PUBLISHED_FORMAT,
    empty: { schema: 1, devices: [] },
    delayMs: 0,
  });
  const published: PublishedDevices = new PublishedDevices(file.found.devices, () =>
    file.save(() => ({
      schema: 1,
      devices: published.devices.map(({ prefix, site, gate }) => ({ prefix, site, gate })),
    })),
  );
  return published;
}
